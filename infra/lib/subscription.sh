#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Creates a subscription, or updates one that differs. Sourced.

# ensure_subscription NAME TOPIC ACK_SECONDS DAYS RETRY [FLAG…]: the flags are those of its kind (push,
# BigQuery, dead letter). RETRY: seconds from and to, as '10 600', or nothing.
ensure_subscription() {
  local name="$1" topic="$2" retry="$5" is wanted line
  local flags=("--ack-deadline=$3" "--message-retention-duration=${4}d" --expiration-period=never)
  [[ -z $retry ]] || flags+=("--min-retry-delay=${retry% *}s" "--max-retry-delay=${retry#* }s")
  flags+=("${@:6}")
  line="$(found subscriptions "$name")"
  if [[ -z $line ]]; then
    # An idle one would be deleted after 31 days, and a refused message come back at once, if not told.
    run gcloud pubsub subscriptions create "$name" "--topic=$topic" "--labels=pipeline=$PREFIX" "${flags[@]}"
    made "$name"
    return
  fi
  claim subscription "$name" "$(owner "$line")"
  is="$(subscription "$name")"
  [[ $(jq -r '.topic | split("/") | last' <<<"$is") == "$topic" ]] ||
    die "subscription $name is of another topic, which can't be changed: delete it, then run this again"
  is="$(subscription_state <<<"$is")"
  wanted="$(wanted_state "$@")"
  # An update replaces the whole push configuration, so it always gets every flag.
  [[ $is == "$wanted" && -z $FORCE ]] ||
    run gcloud pubsub subscriptions update "$name" "--update-labels=pipeline=$PREFIX" "${flags[@]}"
}

# subscription NAME: what it is, as JSON.
subscription() {
  listing subscriptions >/dev/null
  jq -c --arg name "projects/$PROJECT/subscriptions/$1" 'select(.name == $name)' "$SCRATCH/subscriptions"
}

# What of a subscription we say, as one line of JSON.
subscription_state() {
  jq -cS '{owner: .labels.pipeline, ack: .ackDeadlineSeconds, keep: .messageRetentionDuration, ttl: .expirationPolicy.ttl,
    retry: (if .retryPolicy then "\(.retryPolicy.minimumBackoff) \(.retryPolicy.maximumBackoff)" else null end),
    endpoint: .pushConfig.pushEndpoint, audience: .pushConfig.oidcToken.audience,
    account: .pushConfig.oidcToken.serviceAccountEmail, plain: .pushConfig.noWrapper.writeMetadata,
    dead: (.deadLetterPolicy.deadLetterTopic // null | if . then split("/") | last else . end),
    attempts: .deadLetterPolicy.maxDeliveryAttempts,
    table: (.bigqueryConfig.table // null | if . then sub(":"; ".") else . end), metadata: .bigqueryConfig.writeMetadata}'
}

# The same line from what ensure_subscription was asked for.
wanted_state() {
  local retry="$5"
  [[ -z $retry ]] || retry="${retry% *}s ${retry#* }s"
  local seconds="$(($4 * 86400))s" ack="$3"
  shift 5
  printf '%s\n' "$@" | jq -cSRn --arg ack "$ack" --arg keep "$seconds" --arg retry "$retry" --arg owner "$PREFIX" '
    [inputs | select(startswith("--")) | ltrimstr("--") | split("=") |
      {key: .[0], value: (.[1:] | join("="))}] | from_entries as $flag |
    {owner: $owner, ack: ($ack | tonumber), keep: $keep, ttl: null, retry: (if $retry == "" then null else $retry end),
     endpoint: $flag["push-endpoint"], audience: $flag["push-auth-token-audience"],
     account: $flag["push-auth-service-account"],
     plain: (if $flag | has("push-no-wrapper-write-metadata") then true else null end),
     dead: $flag["dead-letter-topic"], attempts: ($flag["max-delivery-attempts"] // null | if . then tonumber else . end),
     table: ($flag["bigquery-table"] // null | if . then sub(":"; ".") else . end),
     metadata: (if $flag | has("write-metadata") then true else null end)}'
}
