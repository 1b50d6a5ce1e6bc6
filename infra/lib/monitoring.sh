#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Reads metrics, which gcloud can't. Sourced.

# time_series METRIC: its last ten minutes, as the Monitoring API answers. Nothing if it can't be had.
time_series() {
  local answer
  token_header >/dev/null || return 0
  answer="$(curl -sS --max-time 20 -G -H @<(token_header) \
    "https://monitoring.googleapis.com/v3/projects/$PROJECT/timeSeries" \
    --data-urlencode "filter=metric.type=\"$1\"" \
    --data-urlencode "interval.startTime=$(date -u -d '-10 minutes' +%FT%TZ)" \
    --data-urlencode "interval.endTime=$(date -u +%FT%TZ)" 2>/dev/null)" || return 0
  jq -e 'has("error") | not' <<<"$answer" >/dev/null 2>&1 && printf '%s\n' "$answer"
  return 0
}
