# SPDX-License-Identifier: MIT
# A dashboard, an uptime check that is no hit, and a service level objective.
# shellcheck shell=bash disable=SC2034  # infra/slo.json names a variable

readonly MONITORING="https://monitoring.googleapis.com/v3/projects/$PROJECT"

part_watch() {
  aside ensure_dashboard
  aside ensure_uptime
  aside ensure_objective
  together
}

# ensure_dashboard: a label says what it was made of. Another one takes its place: an update would need what is there.
ensure_dashboard() {
  local state line
  render "$ROOT/infra/dashboard.json" >"$SCRATCH/dashboard.plain"
  state="x$(fingerprint 12 <"$SCRATCH/dashboard.plain")"
  line="$(our_dashboards | sed -n 1p)"
  [[ -n $FORCE || $line != *"|$state" ]] || return 0
  jq --arg state "$state" '.labels.state = $state' "$SCRATCH/dashboard.plain" >"$SCRATCH/dashboard.json"
  run gcloud monitoring dashboards create "--config-from-file=$SCRATCH/dashboard.json"
  [[ -z $line ]] || run gcloud monitoring dashboards delete "${line%|*}"
}

# our_dashboards: 'NAME|STATE' of each.
our_dashboards() {
  look gcloud monitoring dashboards list --format=json |
    jq -r --arg prefix "$PREFIX" '.[]? | select(.labels.pipeline == $prefix) | "\(.name)|\(.labels.state)"'
}

# ensure_uptime: asks what says whether the collector is ready; a bucket has only the pixel, and the sink knows the
# checker by its name.
ensure_uptime() {
  local base host path=/ready state line
  base="$(pixel_base)" host="${DOMAIN%%,*}"
  [[ -n $host ]] || host="${base#*://}"
  [[ -n $host ]] || return 0
  [[ $ROAD != bucket ]] || path="${PIXEL_PATHS%%,*}"
  # By the API: gcloud 528 takes the flag for labels and sends none.
  jq -n --arg name "$PREFIX: the pixel answers" --arg prefix "$PREFIX" --arg host "$host" --arg project "$PROJECT" --arg path "$path" \
    --argjson secure "$([[ $base == https:* ]] && echo true || echo false)" \
    '{displayName: $name, monitoredResource: {type: "uptime_url", labels: {host: $host, project_id: $project}}, period: "300s",
      timeout: "10s", httpCheck: {path: $path, useSsl: $secure, port: (if $secure then 443 else 80 end), requestMethod: "GET"}}' >"$SCRATCH/uptime.plain"
  state="x$(fingerprint 12 <"$SCRATCH/uptime.plain")"
  line="$(our_uptime_checks | sed -n 1p)"
  [[ -n $FORCE || $line != *"|$state" ]] || return 0
  jq --arg prefix "$PREFIX" --arg state "$state" '.userLabels = {pipeline: $prefix, state: $state}' "$SCRATCH/uptime.plain" >"$SCRATCH/uptime.json"
  run rest POST "$MONITORING/uptimeCheckConfigs" "$SCRATCH/uptime.json"
  [[ -z $line ]] || run rest DELETE "https://monitoring.googleapis.com/v3/${line%|*}"
}

our_uptime_checks() {
  look rest GET "$MONITORING/uptimeCheckConfigs" |
    jq -r --arg prefix "$PREFIX" '.uptimeCheckConfigs[]? | select(.userLabels.pipeline == $prefix) | "\(.name)|\(.userLabels.state)"'
}

# ensure_objective: gcloud has no command for it. Where a bucket serves, the first service of ours is the parser.
ensure_objective() {
  local base="$MONITORING/services" name is
  WATCHED_SERVICE="$INGEST_SERVICE"
  [[ $ROAD != bucket ]] || WATCHED_SERVICE="$PARSE_SERVICE"
  name="$PREFIX-pipeline"
  is="$(look rest GET "$base/$name")"
  if [[ -z $is ]]; then
    jq -n --arg prefix "$PREFIX" '{displayName: "\($prefix): pixel pipeline", custom: {}, userLabels: {pipeline: $prefix}}' >"$SCRATCH/service.json"
    run rest POST "$base?serviceId=$name" "$SCRATCH/service.json"
  else
    claim 'monitored service' "$name" "$(jq -r '.userLabels.pipeline // ""' <<<"$is")"
  fi
  render "$ROOT/infra/slo.json" >"$SCRATCH/slo.json"
  is="$(look rest GET "$base/$name/serviceLevelObjectives/answers")"
  if [[ -z $is ]]; then
    run rest POST "$base/$name/serviceLevelObjectives?serviceLevelObjectiveId=answers" "$SCRATCH/slo.json"
  elif [[ $(jq -cS '.serviceLevelIndicator' <<<"$is") != "$(jq -cS '.serviceLevelIndicator' "$SCRATCH/slo.json")" ]]; then
    run rest PATCH "$base/$name/serviceLevelObjectives/answers" "$SCRATCH/slo.json"
  fi
}

undo_watch() {
  local base="$MONITORING/services/$PREFIX-pipeline" line is
  while IFS='|' read -r line _; do aside run gcloud monitoring dashboards delete "$line"; done < <(our_dashboards)
  while IFS='|' read -r line _; do aside run rest DELETE "https://monitoring.googleapis.com/v3/$line"; done < <(our_uptime_checks)
  together
  is="$(look rest GET "$base")"
  [[ -n $is ]] || return 0
  ! spare 'Monitored service' "$PREFIX-pipeline" "$(jq -r '.userLabels.pipeline // ""' <<<"$is")" || return 0
  [[ -z $(look rest GET "$base/serviceLevelObjectives/answers") ]] || run rest DELETE "$base/serviceLevelObjectives/answers"
  run rest DELETE "$base"
}
