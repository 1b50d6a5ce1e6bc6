# SPDX-License-Identifier: MIT
# The pushes: logs to the parser, events to the loader, and what fails too often to the dead letters.
# shellcheck shell=bash

part_subscriptions() {
  listing subscriptions >/dev/null
  aside push_subscription "$LOGS_PUSH" "$LOGS_TOPIC" "$PARSE_URL"
  aside push_subscription "$EVENTS_PUSH" "$EVENTS_TOPIC" "$LOADER_URL"
  together
}

# Above the services' timeout (50 s), so that a slow push is not delivered twice.
readonly ACK_SECONDS=60

push_subscription() {
  # Unwrapped: the bytes themselves, without base64 in JSON.
  ensure_subscription "$1" "$2" "$ACK_SECONDS" "$MESSAGE_DAYS" '10 600' \
    "--push-endpoint=$3/" "--push-auth-service-account=$PUSH_ACCOUNT" "--push-auth-token-audience=$3" \
    --push-no-wrapper --push-no-wrapper-write-metadata \
    "--dead-letter-topic=$DEAD_TOPIC" --max-delivery-attempts=100
  # Pub/Sub acknowledges here what it has moved to the dead letters.
  grant 'pubsub subscriptions' "$1" "$PUBSUB_AGENT" roles/pubsub.subscriber
}

undo_subscriptions() { undo_subscriptions_named "$LOGS_PUSH" "$EVENTS_PUSH" "$DEAD_HOLD"; }

undo_subscriptions_named() {
  local name line gone=()
  for name in "$@"; do
    line="$(found subscriptions "$name")"
    [[ -n $line ]] || continue
    spare Subscription "$name" "$(owner "$line")" || gone+=("$name")
  done
  [[ ${#gone[@]} -eq 0 ]] || run gcloud pubsub subscriptions delete "${gone[@]}"
}
