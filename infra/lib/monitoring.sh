#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Reads metrics, which gcloud can't. Sourced.

# time_series METRIC [MINUTES [FILTER]]: its last minutes (10), as the Monitoring API answers. Nothing if it can't be had.
time_series() {
  local answer now
  now="$(date -u +%s)"
  token_header >/dev/null || return 0
  answer="$(curl -sS --max-time 20 -G -H @<(token_header) \
    "https://monitoring.googleapis.com/v3/projects/$PROJECT/timeSeries" \
    --data-urlencode "filter=metric.type=\"$1\"${3:-}" \
    --data-urlencode "interval.startTime=$(time_of $((now - ${2:-10} * 60)))" \
    --data-urlencode "interval.endTime=$(time_of "$now")" 2>/dev/null)" || return 0
  jq -e 'has("error") | not' <<<"$answer" >/dev/null 2>&1 && printf '%s\n' "$answer"
  return 0
}

# time_of SECONDS: as Google's APIs write times. jq can on any machine, date has another option on each.
time_of() { jq -rn --argjson at "$1" '$at | todate'; }
