#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/redrive.sh dead-letters|rejected|raw [--reason CODE] [--since T] [--until T] [--dry-run]
#
# Sends kept messages through the pipeline again: their original bytes, so the same event_id. What comes twice
# shows once in the view.
#
#   dead-letters   what a stage did not take in 100 attempts; each is given up there when it is published again
#   rejected       what could not become a row, from the table of rejected events, where it also stays
#   raw            log entries as they came, from the archive, for RAW_DAYS: what a wrong contract or parser made of them can
#                  be made again; with --since and --until
#   --reason CODE  only rejections with that reason (the pages of LogParse and BQLoader list them)
#   --since T      only what was kept since then: 2026-01-02, or 2026-01-02T03:04:05Z
#   --until T      only what came before then, in the same form
#   --dry-run      counts, and sends nothing
#
# Needs gcloud, curl and jq; for rejected and raw also bq. With PUBSUB_EMULATOR_HOST it talks to Google's emulator.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=infra/lib/load.sh
source "$ROOT/infra/lib/load.sh"
# shellcheck source=infra/lib/pubsub.sh
source "$ROOT/infra/lib/pubsub.sh"

WHAT=''
REASON=''
SINCE=''
UNTIL=''
SENT=0
FOUND=0

parse_arguments() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      dead-letters | rejected | raw) WHAT="$1" ;;
      --until) [[ -n ${2:-} ]] || die "$1 needs a value: see --help"; UNTIL="$2"; shift ;;
      --reason) [[ -n ${2:-} ]] || die "$1 needs a value: see --help"; REASON="$2"; shift ;;
      --since) [[ -n ${2:-} ]] || die "$1 needs a value: see --help"; SINCE="$2"; shift ;;
      --dry-run) DRY_RUN=1 ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      *) die "unknown argument '$1': see --help" ;;
    esac
    shift
  done
  [[ -n $WHAT ]] || die 'what is to be sent again: dead-letters, rejected or raw? See --help'
  [[ $REASON =~ ^([a-z_]+)?$ ]] || die "--reason is '$REASON': allowed is a reason code of LogParse's or BQLoader's page"
  [[ -z $REASON || $WHAT == rejected ]] || die '--reason is for rejected: a dead letter has none'
  local form='^([0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?)?$'
  [[ $SINCE =~ $form ]] || die "--since is '$SINCE': allowed are 2026-01-02 and 2026-01-02T03:04:05Z"
  [[ $UNTIL =~ $form ]] || die "--until is '$UNTIL': allowed are 2026-01-02 and 2026-01-02T03:04:05Z"
  [[ $WHAT != raw || (-n $SINCE && -n $UNTIL) ]] || die 'raw needs --since and --until: all of the archive is seldom meant'
  [[ $WHAT == raw || -z $UNTIL ]] || die '--until is for raw'
}

# Pulls until three times nothing comes that is to be sent. A pull that may wait does so for a minute and more
# when there is nothing, and one that may not sometimes misses what is there: hence three.
redrive_dead_letters() {
  local pulled batch topic found idle=0
  : >"$SCRATCH/held"
  while [[ $idle -lt 3 ]]; do
    pulled="$(pubsub "subscriptions/$DEAD_HOLD:pull" '{"maxMessages": 500, "returnImmediately": true}')"
    found="$FOUND"
    for topic in "$LOGS_TOPIC" "$EVENTS_TOPIC"; do
      batch="$(jq -c --arg from "$topic-push" --arg since "$SINCE" '[.receivedMessages[]? |
        select(.message.attributes.CloudPubSubDeadLetterSourceSubscription == $from) |
        select($since == "" or .message.publishTime >= $since)]' <<<"$pulled")"
      [[ $batch != '[]' ]] || continue
      FOUND=$((FOUND + $(jq length <<<"$batch")))
      [[ -z $DRY_RUN ]] || continue
      # Google adds where a dead letter comes from; the rest is the message as it was.
      publish "$topic" "$(jq -c '[.[].message | {data, orderingKey,
        attributes: ((.attributes // {}) | with_entries(select(.key | startswith("CloudPubSubDeadLetter") | not)))}]' <<<"$batch")"
      # Only now: a message that is published twice has one event_id, one that is lost has none.
      pubsub "subscriptions/$DEAD_HOLD:acknowledge" "$(jq -c '{ackIds: map(.ackId)}' <<<"$batch")" >/dev/null
      # By a file: five hundred ackIds are longer than one argument may be.
      jq -c 'map(.ackId)' <<<"$batch" >"$SCRATCH/sent"
      pulled="$(jq -c --slurpfile sent "$SCRATCH/sent" \
        '.receivedMessages |= map(select(.ackId | IN($sent[0][]) | not))' <<<"$pulled")"
    done
    jq -c '[.receivedMessages[]?.ackId] | select(. != [])' <<<"$pulled" >>"$SCRATCH/held"
    [[ $FOUND -eq $found ]] || { idle=0; continue; }
    idle=$((idle + 1))
    sleep 1
  done
  release
}

# What stays may be pulled again at once.
release() {
  local held
  while read -r held; do
    pubsub "subscriptions/$DEAD_HOLD:modifyAckDeadline" "{\"ackIds\": $held, \"ackDeadlineSeconds\": 0}" >/dev/null
  done <"$SCRATCH/held"
}

redrive_rejected() {
  local page last='' stage topic
  while page="$(rejected_page "$last")" && [[ $page != '[]' ]]; do
    last="$(jq -r '.[-1].message_id' <<<"$page")"
    FOUND=$((FOUND + $(jq length <<<"$page")))
    for stage in log-parse bq-loader; do
      topic="$LOGS_TOPIC"
      [[ $stage == log-parse ]] || topic="$EVENTS_TOPIC"
      [[ -n $DRY_RUN ]] || publish "$topic" "$(jq -c --arg stage "$stage" '[.[] | select(.stage == $stage) |
        {data, attributes: ({event_id} | with_entries(select(.value)))}]' <<<"$page")"
    done
  done
}

# rejected_page AFTER: up to 500 rejections, each content once, in the order of their ids.
rejected_page() {
  look bq --format=json query --use_legacy_sql=false --max_rows=500 "
    SELECT message_id, TO_BASE64(data) AS data, JSON_VALUE(attributes, '\$.stage') AS stage,
      JSON_VALUE(attributes, '\$.event_id') AS event_id
    FROM \`$PROJECT.$OPS_DATASET.rejected\`
    WHERE publish_time >= TIMESTAMP('${SINCE:-1970-01-01}')
      AND ('$REASON' = '' OR JSON_VALUE(attributes, '\$.reason') = '$REASON')
    QUALIFY ROW_NUMBER() OVER (PARTITION BY SHA256(data), JSON_VALUE(attributes, '\$.stage') ORDER BY message_id) = 1
      AND message_id > '$1'
    ORDER BY message_id LIMIT 500" | jq -sc 'add // []'
}

# Every entry comes to the parser again, which gives it the same event_id.
redrive_raw() {
  local page last=''
  while page="$(raw_page "$last")" && [[ $page != '[]' ]]; do
    last="$(jq -r '.[-1].message_id' <<<"$page")"
    FOUND=$((FOUND + $(jq length <<<"$page")))
    [[ -n $DRY_RUN ]] || publish "$LOGS_TOPIC" "$(jq -c 'map(select(.data != "") | {data})' <<<"$page")"
  done
}

# raw_page AFTER: up to 500 entries, in the order of their ids.
raw_page() {
  look bq --format=json query --use_legacy_sql=false --max_rows=500 "
    SELECT message_id, TO_BASE64(data) AS data FROM \`$PROJECT.$OPS_DATASET.raw\`
    WHERE publish_time >= TIMESTAMP('$SINCE') AND publish_time < TIMESTAMP('$UNTIL') AND message_id > '$1'
    ORDER BY message_id LIMIT 500" | jq -sc 'add // []'
}

main() {
  parse_arguments "$@"
  require_tools gcloud curl jq
  load_settings
  [[ $WHAT == dead-letters ]] || require_tools bq
  "redrive_${WHAT//-/_}"
  part_is_done
  if [[ -n $DRY_RUN ]]; then
    printf '%d messages would be sent again\n' "$FOUND"
  else
    printf '%d messages were sent again\n' "$SENT"
  fi
}

main "$@"
