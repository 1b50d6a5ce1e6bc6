#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/redrive.sh
#
# Sends dead letters and rejections again through Google's own Pub/Sub emulator: every byte and attribute is as it
# was, nothing is sent twice, and what a dry run has seen is still there. bq is a stand-in that prints rows.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

readonly COUNT=620  # more than one page
EMULATOR=''

start_emulator() {
  local port
  port="$(free_port_base)"
  export PUBSUB_EMULATOR_HOST="127.0.0.1:$port"
  mkdir "$WORK/emulator"
  # In a group of its own: gcloud starts a shell that starts Java.
  setsid gcloud beta emulators pubsub start "--host-port=$PUBSUB_EMULATOR_HOST" --project=my-project \
    "--data-dir=$WORK/emulator" >"$WORK/emulator.log" 2>&1 &
  EMULATOR=$!
  trap stop_emulator EXIT
  for _ in {1..400}; do
    ! grep -q 'Server started' "$WORK/emulator.log" || return 0
    kill -0 "$EMULATOR" 2>/dev/null || break
    sleep 0.5
  done
  cat "$WORK/emulator.log" >&2
  die 'the Pub/Sub emulator did not start'
}

stop_emulator() {
  [[ -z $EMULATOR ]] || kill -TERM -- "-$EMULATOR" 2>/dev/null || true
  rm -rf "$WORK"
}

# api METHOD PATH [BODY]
api() {
  curl -fsS -X "$1" "http://$PUBSUB_EMULATOR_HOST/v1/projects/my-project/$2" -H 'Content-Type: application/json' \
    --data-binary @- <<<"${3:-{\}}"
}

make_topics() {
  local topic
  for topic in pixel-logs pixel-events pixel-dead-letters; do
    api PUT "topics/$topic"
    api PUT "subscriptions/$topic-hold" "{\"topic\": \"projects/my-project/topics/$topic\", \"ackDeadlineSeconds\": 60}"
  done
}

# messages: as JSON lines. No byte is special: the first ones are not even text.
messages() {
  jq -nc --argjson count "$COUNT" '["AP/+AA==", "", "eyJhIjoi5pel5pysIn0="] as $odd | range($count) |
    {data: (if . < 3 then $odd[.] else "message \(.)" | @base64 end), attributes: {event_id: "id-\(.)", "odd ✓": "ä\n"}}'
}

# As Google moves it there: with where it comes from.
publish_dead_letters() {
  messages | jq -c '
    (.attributes.event_id | ltrimstr("id-") | tonumber | if . % 2 == 0 then "pixel-logs" else "pixel-events" end) as $topic |
    .attributes += {CloudPubSubDeadLetterSourceSubscription: "\($topic)-push",
      CloudPubSubDeadLetterSourceSubscriptionProject: "my-project", CloudPubSubDeadLetterSourceDeliveryCount: "100"}' |
    jq -sc '.[0:500], .[500:]' | while read -r page; do
    api POST topics/pixel-dead-letters:publish "{\"messages\": $page}"
  done
}

# pulled TOPIC: everything on it, as JSON lines in the order of event_id, and takes it away.
pulled() {
  local answer
  while answer="$(api POST "subscriptions/$1-hold:pull" '{"maxMessages": 1000, "returnImmediately": true}')" &&
    [[ $(jq '.receivedMessages | length' <<<"$answer") -gt 0 ]]; do
    jq -c '.receivedMessages[].message | {data: (.data // ""), attributes}' <<<"$answer"
    api POST "subscriptions/$1-hold:acknowledge" "$(jq -c '{ackIds: [.receivedMessages[].ackId]}' <<<"$answer")" >/dev/null
  done | jq -sc 'sort_by(.attributes.event_id)[]'
}

# arrived TOPIC REMAINDER: it has just those messages, and each as it was.
arrived() {
  diff <(messages | jq -sc --argjson rest "$2" 'map(select((.attributes.event_id | ltrimstr("id-") | tonumber) % 2 == $rest)) |
    sort_by(.attributes.event_id)[]') <(pulled "$1")
}

says() {
  local said
  said="$("$ROOT/scripts/redrive.sh" "${@:2}" 2>&1)" || { printf '%s\n' "$said"; return 1; }
  [[ $said == "$1" ]] || { printf 'it said: %s\n' "$said"; return 1; }
}

# bq that answers a page of rejections to the first question and none to the next; keeps the questions.
make_bq() {
  mkdir -p "$WORK/bin"
  messages | jq -sc '[.[:4] | to_entries[] | {message_id: "\(.key)", data: .value.data, event_id: .value.attributes.event_id,
    stage: (if .key < 2 then "log-parse" else "bq-loader" end)}]' >"$WORK/page"
  printf '#!/bin/sh\necho "$*" >>"%s/asked"\n[ -e "%s/done" ] || cat "%s/page"\ntouch "%s/done"\n' \
    "$WORK" "$WORK" "$WORK" "$WORK" >"$WORK/bin/bq"
  chmod +x "$WORK/bin/bq"
  PATH="$WORK/bin:$PATH"
}

rejected_arrived() {
  diff <(jq -c '.[] | select(.stage == "log-parse") | {data, attributes: {event_id}}' "$WORK/page") <(pulled pixel-logs)
  diff <(jq -c '.[] | select(.stage == "bq-loader") | {data, attributes: {event_id}}' "$WORK/page") <(pulled pixel-events)
  grep -q "'row_invalid'" "$WORK/asked"
  grep -q "2026-01-02T03:04:05Z" "$WORK/asked"
}

raw_arrived() {
  diff <(jq -c '.[].data | select(. != "")' "$WORK/page" | sort) <(pulled pixel-logs | jq -c .data | sort)
  grep -q "publish_time < TIMESTAMP('2026-01-03')" "$WORK/asked"
}

main() {
  local program
  for program in gcloud jq curl java; do
    command -v "$program" >/dev/null || { say "SKIPPED: $program is not installed"; return 0; }
  done
  CONFIG="$(config redrive ROAD=direct)"
  export CONFIG
  start_emulator
  make_topics >/dev/null
  publish_dead_letters >/dev/null
  check 'dead letters: a dry run counts them' says "$COUNT messages would be sent again" dead-letters --dry-run
  check 'dead letters: those since tomorrow are none' \
    says '0 messages were sent again' dead-letters --since "$(date -u -d tomorrow +%F)"
  check 'dead letters: all are sent again' says "$COUNT messages were sent again" dead-letters
  check 'dead letters: the parser gets its own, every byte and attribute' arrived pixel-logs 0
  check 'dead letters: the loader gets its own' arrived pixel-events 1
  check 'dead letters: then there are none' says '0 messages were sent again' dead-letters
  make_bq
  check 'rejected: all of a reason are sent again' \
    says '4 messages were sent again' rejected --reason row_invalid --since 2026-01-02T03:04:05Z
  check 'rejected: each goes to the stage that rejected it, with its bytes and event_id' rejected_arrived
  rm "$WORK/done"
  check 'raw: entries of a time are sent again, but an empty one' says '3 messages were sent again' raw --since 2026-01-02 --until 2026-01-03
  check 'raw: all to the parser, with their bytes' raw_arrived
  check 'raw: without a time it is refused' fails_with '--since and --until' "$ROOT/scripts/redrive.sh" raw
  check 'redrive: a wrong reason is one sentence' fails_with '--reason' "$ROOT/scripts/redrive.sh" rejected --reason "x'"
}

main "$@"
