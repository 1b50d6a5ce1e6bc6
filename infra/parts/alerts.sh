# SPDX-License-Identifier: MIT
# Log-based metric of rejections, alert policies from infra/alerts, and who gets them.
# shellcheck shell=bash

part_alerts() {
  local policies channel='' file
  aside ensure_metric
  policies="$(look gcloud alpha monitoring policies list --filter="userLabels.pipeline=$PREFIX" \
    --format='value[separator="|"](displayName,userLabels.state,name)')"
  if [[ -n $ALERT_EMAIL ]]; then
    channel="$(channel_name)"
    if [[ -z $channel ]]; then
      run gcloud beta monitoring channels create "--display-name=$PREFIX: $ALERT_EMAIL" --type=email \
        "--channel-labels=email_address=$ALERT_EMAIL" "--user-labels=pipeline=$PREFIX"
      channel="$(channel_name)"
    fi
  fi
  # What the alert files name beside the settings.
  # shellcheck disable=SC2034
  NO_HITS_SECONDS=$((NO_HITS_MINUTES * 60)) REJECTIONS_BELOW=$((REJECTIONS_ALERT - 1))
  together
  for file in "$ROOT"/infra/alerts/*.json; do
    [[ $file != */no-hits.json || $NO_HITS_MINUTES -gt 0 ]] || continue
    aside ensure_policy "$file" "$channel" "$policies"
  done
  together
}

# Each rejected message leaves one line; the summaries of a minute have a count, and no message.
ensure_metric() {
  local is
  is="$(look gcloud logging metrics describe "$PREFIX-rejections" --format=json)"
  render "$ROOT/infra/rejections-metric.json" >"$SCRATCH/metric.json"
  [[ $(jq -r '"\(.filter) \(.description)"' <<<"$is") != "$(jq -r '"\(.filter) \(.description)"' "$SCRATCH/metric.json")" ]] || return 0
  run gcloud logging metrics "$([[ -n $is ]] && echo update || echo create)" "$PREFIX-rejections" \
    "--config-from-file=$SCRATCH/metric.json"
}

channel_name() {
  look gcloud beta monitoring channels list --format='value[separator="|"](displayName,name)' |
    sed -n "s/^$PREFIX: $ALERT_EMAIL|//p" | sed -n 1p
}

# ensure_policy FILE CHANNEL POLICIES: Google names policies, so ours are found by display name, and a label
# says what they were made of.
ensure_policy() {
  local policy="$SCRATCH/policy.${1##*/}" state name line
  render "$1" | jq --arg channel "$2" --arg pipeline "$PREFIX" \
    '.notificationChannels = ([$channel] | map(select(. != ""))) | .userLabels = {pipeline: $pipeline}' >"$policy.plain"
  state="$(fingerprint 12 <"$policy.plain")"
  jq --arg state "x$state" '.userLabels.state = $state' "$policy.plain" >"$policy"
  name="$(jq -r .displayName "$policy")"
  line="$(grep -F "$name|" <<<"$3" | head -n 1)" || true
  if [[ -z $line ]]; then
    run gcloud alpha monitoring policies create "--policy-from-file=$policy"
  elif [[ -n $FORCE || $line != "$name|x$state|"* ]]; then
    run gcloud alpha monitoring policies update "${line##*|}" "--policy-from-file=$policy"
  fi
}

undo_alerts() {
  local name
  for name in $(look gcloud alpha monitoring policies list --filter="userLabels.pipeline=$PREFIX" --format='value(name)'); do
    aside run gcloud alpha monitoring policies delete "$name"
  done
  together
  while IFS='|' read -r _ name; do
    aside run gcloud beta monitoring channels delete "$name"
  done < <(look gcloud beta monitoring channels list --format='value[separator="|"](displayName,name)' | grep "^$PREFIX: ")
  [[ -z $(look gcloud logging metrics describe "$PREFIX-rejections" --format='value(name)') ]] ||
    aside run gcloud logging metrics delete "$PREFIX-rejections"
  together
}
