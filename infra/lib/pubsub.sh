#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pub/Sub by its REST API, since gcloud can't publish any bytes. Sourced.

# pubsub PATH BODY: the answer to a POST below the project; stops if it is none.
pubsub() {
  local base=https://pubsub.googleapis.com answer="$SCRATCH/answer" status
  local options=(-sS --max-time 60 --retry 3 --retry-connrefused -o "$answer" -w '%{http_code}'
    -H 'Content-Type: application/json' --data-binary @-)
  if [[ -n ${PUBSUB_EMULATOR_HOST:-} ]]; then
    base="http://$PUBSUB_EMULATOR_HOST"
    status="$(curl "${options[@]}" "$base/v1/projects/$PROJECT/$1" <<<"$2")"
  else
    status="$(curl "${options[@]}" -H @<(token_header) \
      "$base/v1/projects/$PROJECT/$1" <<<"$2")"
  fi
  [[ $status == 200 ]] ||
    die "Pub/Sub answered $status to $1: $(jq -r '.error.message? // "no reason"' "$answer" 2>/dev/null)"
  cat "$answer"
}

# publish TOPIC MESSAGES: an array of messages, in requests of at most 100 and 7 MB; counts them in SENT.
publish() {
  local rest="$2" count total
  total="$(jq length <<<"$rest")"
  while [[ $total -gt 0 ]]; do
    count="$(jq '[foreach .[0:100][] as $one (0; . + ($one | tostring | length); .)] |
      [(map(select(. <= 7000000)) | length), 1] | max' <<<"$rest")"
    pubsub "topics/$1:publish" "$(jq -c --argjson n "$count" '{messages: .[0:$n] | map(with_entries(select(.value)))}' <<<"$rest")" >/dev/null
    SENT=$((SENT + count))
    total=$((total - count))
    rest="$(jq -c --argjson n "$count" '.[$n:]' <<<"$rest")"
  done
}
