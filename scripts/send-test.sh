#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/send-test.sh [--timeout SECONDS] [--url URL] [--max-bytes N]
#
# Sends one hit through the deployed pipeline, waits for its row, and prints when it was at each hop. If the row
# does not come, says how far the hit got. The hit has a user of its own: where the suffix has the user, its table is
# dropped again.
#
#   --timeout S    how long to wait for the row (300)
#   --url URL      the pixel's address, if it is not the deployed one
#   --max-bytes N  the most that one look for the row may read of BigQuery (10000000000, about 0.06 USD)
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=infra/lib/load.sh
source "$ROOT/infra/lib/load.sh"
# shellcheck source=infra/lib/suffix.sh
source "$ROOT/infra/lib/suffix.sh"

TIMEOUT=300
URL=''
MAX_BYTES=10000000000

parse_arguments() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --timeout) [[ -n ${2:-} ]] || die "$1 needs a value: see --help"; TIMEOUT="$2"; shift ;;
      --url) [[ -n ${2:-} ]] || die "$1 needs a value: see --help"; URL="$2"; shift ;;
      --max-bytes) [[ -n ${2:-} ]] || die "$1 needs a value: see --help"; MAX_BYTES="$2"; shift ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      *) die "unknown argument '$1': see --help" ;;
    esac
    shift
  done
  [[ $TIMEOUT =~ ^[1-9][0-9]{0,4}$ ]] || die "--timeout is '$TIMEOUT': allowed are seconds"
  [[ $MAX_BYTES =~ ^[1-9][0-9]{6,14}$ ]] || die "--max-bytes is '$MAX_BYTES': allowed are bytes, from 1000000 on"
  [[ $URL =~ ^(https?://[^?]+)?$ ]] || die "--url is '$URL': allowed is an http or https URL without query"
}

# query SQL: one line of values, with spaces; nothing if there is no row, or no such table yet.
query() {
  look bq --format=csv query --use_legacy_sql=false "--maximum_bytes_billed=$MAX_BYTES" "$1" | sed -n '2{s/,/ /gp;}'
}

# seconds_now: with their fraction, which each system's date writes otherwise or not at all.
seconds_now() { jq -n 'now'; }

# hop NAME SECONDS: how long after the hit was sent.
hop() { awk -v name="$1" -v at="$2" -v sent="$SENT" 'BEGIN { printf "  %-44s %+8.3f s\n", name, at - sent }'; }

# find_row ID TABLE: when it was, and when it was received, in seconds.
find_row() {
  query "SELECT UNIX_MICROS(event_time) / 1e6, UNIX_MICROS(COALESCE(received_time, event_time)) / 1e6
    FROM \`$PROJECT.$DATASET.$2\`
    WHERE event_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR) AND order_id = '$1' LIMIT 1"
}

# wait_for_row ID SUFFIX: in the one table that it goes to; where ids are limited, else in the one for all others. Looks
# less and less often: each look costs.
wait_for_row() {
  local deadline=$((SECONDS + TIMEOUT)) pause=2 tables="$TABLE$2" table
  [[ -z $TEMPLATE_SUFFIX ]] || tables+=" ${TABLE}_Zo$(overflow_time)"
  while true; do
    for table in $tables; do
      ROW="$(find_row "$1" "$table")" || part_is_done
      FOUND_IN="$table"
      [[ -z $ROW ]] || return 0
    done
    part_is_done
    [[ $SECONDS -lt $deadline ]] || return 0
    sleep "$pause"
    [[ $pause -ge 10 ]] || pause=$((pause + 1))
  done
}

# overflow_time: what the table for all others has of the time.
overflow_time() {
  local part
  part="$(grep -oE '\{(date|month|hour)\}' <<<"$TEMPLATE_SUFFIX" || true)"
  [[ -z $part ]] || printf '_%s' "$(table_of "$part" "$TIME_ZONE")"
}

main() {
  parse_arguments "$@"
  require_tools gcloud bq curl jq
  load_settings
  read_project
  local id status raw suffix picked=''
  # Of several contracts the first, by name.
  TABLE="$(contracts | sed -n '1s/ .*//p')"
  [[ ! -d $ROOT/$CONTRACT ]] || picked="&c=$TABLE"
  # Letters and digits that a table's name takes as they are; another one each run, so that no table is ever made twice.
  id="test$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')"
  suffix="$(table_of "$TEMPLATE_SUFFIX" "$TIME_ZONE" "user_id=$id" "order_id=$id" type=test)" ||
    die "TEMPLATE_SUFFIX=$TEMPLATE_SUFFIX has a column that this test can't say beforehand: look for order_id $id in the view by hand"
  URL="${URL:-$(pixel_base)${PIXEL_PATHS%%,*}}"
  SENT="$(seconds_now)"
  status="$(curl -sS --max-time 20 -o /dev/null -w '%{http_code}' "$URL?type=test&user_id=$id&order_id=$id$picked")" ||
    die "$URL does not answer: is it deployed, and does its DNS point there?"
  printf 'Hit %s\n' "$id"
  hop "answered with $status" "$(seconds_now)"
  [[ $status == 200 ]] || die "the pixel answered $status: scripts/logs.sh shows why"

  ROW='' FOUND_IN=''
  wait_for_row "$id" "$suffix"
  raw="$(query "SELECT UNIX_MICROS(MIN(publish_time)) / 1e6 FROM \`$PROJECT.$OPS_DATASET.raw\`
    WHERE publish_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR)
    AND STRPOS(SAFE_CONVERT_BYTES_TO_STRING(data), '$id') > 0 HAVING COUNT(*) > 0")"
  [[ -z $ROW ]] || hop 'taken by the load balancer or the collector' "${ROW% *}"
  [[ -z $ROW ]] || hop 'in Cloud Logging, if it went that way' "${ROW#* }"
  [[ -z $raw ]] || hop "published to $LOGS_TOPIC" "$raw"
  if [[ -n $ROW ]]; then
    hop 'row found' "$(seconds_now)"
    [[ $FOUND_IN != *"$id"* ]] || run bq rm -f -t "$PROJECT:$DATASET.$FOUND_IN"
  elif [[ -n $raw ]]; then
    die "the hit is on topic $LOGS_TOPIC and not in a table: scripts/logs.sh parse loader; scripts/status.sh shows rejections"
  else
    die "the hit is not on topic $LOGS_TOPIC: look at the sink ($SINK) and at scripts/logs.sh ingest"
  fi
}

main "$@"
