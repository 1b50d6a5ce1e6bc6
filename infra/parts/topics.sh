# SPDX-License-Identifier: MIT
# The four topics, who may publish to them, and where dead letters are held.
# shellcheck shell=bash

part_topics() {
  local there topic missing=()
  there="$(look gcloud pubsub topics list --format='value(name.basename())')"
  for topic in "$LOGS_TOPIC" "$EVENTS_TOPIC" "$REJECTED_TOPIC" "$DEAD_TOPIC"; do
    has "$there" "$topic" || missing+=("$topic")
  done
  if [[ ${#missing[@]} -gt 0 ]]; then
    run gcloud pubsub topics create "${missing[@]}"
    for topic in "${missing[@]}"; do made "$topic"; done
  fi
  read_subscriptions

  local publisher=roles/pubsub.publisher
  # What is posted is published in either mode; a bucket posts nothing.
  [[ $ROAD == bucket ]] ||
    aside grant 'pubsub topics' "$LOGS_TOPIC" "serviceAccount:$INGEST_ACCOUNT" "$publisher"
  aside grant 'pubsub topics' "$EVENTS_TOPIC" "serviceAccount:$PARSE_ACCOUNT" "$publisher"
  aside grant 'pubsub topics' "$REJECTED_TOPIC" "serviceAccount:$PARSE_ACCOUNT" "$publisher" \
    "serviceAccount:$LOADER_ACCOUNT" "$publisher"
  aside grant 'pubsub topics' "$DEAD_TOPIC" "$PUBSUB_AGENT" "$publisher"
  # Without a subscription Pub/Sub keeps nothing. scripts/redrive.sh takes messages from here.
  aside ensure_subscription "$DEAD_HOLD" "$DEAD_TOPIC" 60 31 ''
  together
}

undo_topics() {
  local there topic found=()
  there="$(look gcloud pubsub topics list --format='value(name.basename())')"
  for topic in "$LOGS_TOPIC" "$EVENTS_TOPIC" "$REJECTED_TOPIC" "$DEAD_TOPIC"; do
    if has "$there" "$topic"; then found+=("$topic"); fi
  done
  [[ ${#found[@]} -eq 0 ]] || run gcloud pubsub topics delete "${found[@]}"
}
