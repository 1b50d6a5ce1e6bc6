#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/send-test.sh [--timeout SECONDS] [--url URL]
#
# Sends one hit through the deployed pipeline, waits for its row, and prints when it was at each hop. If the row
# does not come, says how far the hit got.
#
#   --timeout S   how long to wait for the row (300)
#   --url URL     the pixel's address, if it is not the deployed one
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=infra/lib/load.sh
source "$ROOT/infra/lib/load.sh"

TIMEOUT=300
URL=''

parse_arguments() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --timeout | --url) [[ -n ${2:-} ]] || die "$1 needs a value: see --help" ;;&
      --timeout) TIMEOUT="${2:-}"; shift ;;
      --url) URL="${2:-}"; shift ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      *) die "unknown argument '$1': see --help" ;;
    esac
    shift
  done
  [[ $TIMEOUT =~ ^[1-9][0-9]{0,4}$ ]] || die "--timeout is '$TIMEOUT': allowed are seconds"
  [[ $URL =~ ^(https?://[^?]+)?$ ]] || die "--url is '$URL': allowed is an http or https URL without query"
}

# query SQL: one line of values, with spaces; nothing if there is no row.
query() { look bq --format=csv query --use_legacy_sql=false "$1" | sed -n '2{s/,/ /gp}'; }

# hop NAME TIME: how long after the hit was sent.
hop() {
  local at
  at="$(date -u -d "${2/ UTC/Z}" +%s.%N)"
  awk -v name="$1" -v at="$at" -v sent="$SENT" 'BEGIN { printf "  %-44s %+8.3f s\n", name, at - sent }'
}

main() {
  parse_arguments "$@"
  require_tools gcloud bq curl jq
  load_settings
  read_project
  local id status row raw deadline
  id="test-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')"
  URL="${URL:-$(pixel_base)${PIXEL_PATHS%%,*}}"
  SENT="$(date -u +%s.%N)"
  status="$(curl -sS --max-time 20 -o /dev/null -w '%{http_code}' "$URL?type=test&user_id=pipeline-test&order_id=$id")" ||
    die "$URL does not answer: is it deployed, and does its DNS point there?"
  printf 'Hit %s\n' "$id"
  hop "answered with $status" "$(date -u +%FT%T.%NZ)"
  [[ $status == 200 ]] || die "the pixel answered $status: scripts/logs.sh shows why"

  deadline=$((SECONDS + TIMEOUT))
  until row="$(query "SELECT FORMAT_TIMESTAMP('%FT%H:%M:%E6SZ', event_time), FORMAT_TIMESTAMP('%FT%H:%M:%E6SZ', COALESCE(received_time, event_time))
      FROM \`$PROJECT.$DATASET.events_between\`(DATE_SUB(CURRENT_DATE(), INTERVAL 1 DAY), DATE_ADD(CURRENT_DATE(), INTERVAL 1 DAY))
      WHERE order_id = '$id'")" && [[ -n $row ]]; do
    part_is_done
    [[ $SECONDS -lt $deadline ]] || break
    sleep 2
  done
  raw="$(query "SELECT FORMAT_TIMESTAMP('%FT%H:%M:%E6SZ', MIN(publish_time)) FROM \`$PROJECT.$OPS_DATASET.raw\`
    WHERE publish_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR)
    AND STRPOS(SAFE_CONVERT_BYTES_TO_STRING(data), '$id') > 0 HAVING COUNT(*) > 0")"
  [[ -z $row ]] || hop 'taken by the load balancer or pixel-ingest' "${row% *}"
  [[ -z $row ]] || hop 'in Cloud Logging, if it went that way' "${row#* }"
  [[ -z $raw ]] || hop "published to $LOGS_TOPIC" "$raw"
  if [[ -n $row ]]; then
    hop 'row found (looking every 2 s)' "$(date -u +%FT%T.%NZ)"
  elif [[ -n $raw ]]; then
    die "the hit is on topic $LOGS_TOPIC and not in a table: scripts/logs.sh log-parse bq-loader; scripts/status.sh shows rejections"
  else
    die "the hit is not on topic $LOGS_TOPIC: look at the sink ($SINK) and at scripts/logs.sh pixel-ingest"
  fi
}

main "$@"
