# SPDX-License-Identifier: MIT
# The log sink that routes hits to the logs topic, and what the _Default bucket need not store.
# shellcheck shell=bash

part_sink() {
  local is filter writer destination="pubsub.googleapis.com/projects/$PROJECT/topics/$LOGS_TOPIC"
  filter="$(sink_filter)"
  is="$(describe_sink)"
  if [[ -z $is ]]; then
    run gcloud logging sinks create "$SINK" "$destination" "--log-filter=$filter" \
      '--description=Hits, to the pixel pipeline'
    is="$(describe_sink)"
  elif [[ $is != *" $destination $filter" ]]; then
    run gcloud logging sinks update "$SINK" "$destination" "--log-filter=$filter"
  fi
  # What a sink may not write is lost, not kept: the grant comes at once. Only Google knows the writer's name.
  writer="${is%% *}"
  if [[ -n $writer ]]; then
    grant 'pubsub topics' "$LOGS_TOPIC" "$writer" roles/pubsub.publisher
  else
    printf '  would let the writer of the sink publish to %s\n' "$LOGS_TOPIC"
  fi
  exclude "$PREFIX-hits" "$filter" "$PREFIX-requests" "$(request_filter)"
}

describe_sink() {
  look gcloud logging sinks describe "$SINK" --format='value[separator=" "](writerIdentity,destination,filter)'
}

# sink_filter: each hit once. What PixelIngest could not publish is in its own lines; where the load balancer's
# request log is the record, that too. Status and method are LogParse's to judge. No backslashes: [.] is a dot.
sink_filter() {
  local fallback balancer
  fallback="resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"$INGEST_SERVICE\""
  fallback+=' AND labels.pixel="hit"'
  balancer="resource.type=\"http_load_balancer\" AND resource.labels.url_map_name=\"$PREFIX\""
  balancer+=" AND httpRequest.requestUrl=~\"^(https?://[^/?#]*)?($(path_pattern))([?#]|\$)\""
  balancer+=' AND NOT httpRequest.userAgent=~"^GoogleStackdriverMonitoring-UptimeChecks"'
  case "$ROAD $INGEST_MODE" in
    'service log') printf '(%s) OR (%s)\n' "$balancer" "$fallback" ;;
    bucket*) printf '%s\n' "$balancer" ;;
    *) printf '%s\n' "$fallback" ;;
  esac
}

# The pixel's paths as one expression that has to match from the first to the last character.
path_pattern() { sed 's/\./[.]/g; s/,/|/g' <<<"$PIXEL_PATHS"; }

# What the platform says about each push that went well.
request_filter() {
  printf 'resource.type="cloud_run_revision" AND log_id("run.googleapis.com/requests") AND '
  printf 'resource.labels.service_name=("%s" OR "%s" OR "%s") AND httpRequest.status>=200 AND httpRequest.status<300\n' \
    "$INGEST_SERVICE" "$PARSE_SERVICE" "$LOADER_SERVICE"
}

# exclude NAME FILTER [NAME FILTER…]: from _Default only, which bills what it stores; our sink gets it all
# the same.
exclude() {
  local all is changes=()
  all="$(look gcloud logging sinks describe _Default --format=json)"
  while [[ $# -ge 2 ]]; do
    is="$(jq -r --arg name "$1" '.exclusions[]? | select(.name == $name) | .filter' <<<"$all")"
    # A semicolon between name and filter, since filters have commas.
    if [[ -z $is ]]; then
      changes+=("--add-exclusion=^;^name=$1;filter=$2")
    elif [[ $is != "$2" ]]; then
      changes+=("--update-exclusion=^;^name=$1;filter=$2")
    fi
    shift 2
  done
  [[ ${#changes[@]} -eq 0 ]] || run gcloud logging sinks update _Default "${changes[@]}"
}

undo_sink() {
  local is name found=''
  [[ -z $(look gcloud logging sinks describe "$SINK" --format='value(name)') ]] ||
    run gcloud logging sinks delete "$SINK"
  is="$(look gcloud logging sinks describe _Default --format=json | jq -r '.exclusions[]?.name')"
  for name in "$PREFIX-hits" "$PREFIX-requests"; do
    if has "$is" "$name"; then found+="${found:+,}$name"; fi
  done
  [[ -z $found ]] || run gcloud logging sinks update _Default "--remove-exclusions=$found"
}
