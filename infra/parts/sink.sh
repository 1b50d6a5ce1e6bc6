# SPDX-License-Identifier: MIT
# The log sink that routes hits to the logs topic, and what the _Default bucket need not store.
# shellcheck shell=bash

part_sink() {
  local is filter writer destination="pubsub.googleapis.com/projects/$PROJECT/topics/$LOGS_TOPIC"
  filter="$(sink_filter)"
  is="$(describe_sink)"
  if [[ -z $is ]]; then
    run gcloud logging sinks create "$SINK" "$destination" "--log-filter=$filter" "--description=$(sink_description)"
    is="$(describe_sink)"
  else
    claim sink "$SINK" "$(sink_owner "$is")"
    [[ $(jq -r '"\(.description) \(.destination) \(.filter)"' <<<"$is") == "$(sink_description) $destination $filter" ]] ||
      run gcloud logging sinks update "$SINK" "$destination" "--log-filter=$filter" "--description=$(sink_description)"
  fi
  # What a sink may not write is lost, not kept: the grant comes at once. Only Google knows the writer's name.
  writer="$(jq -r '.writerIdentity // ""' <<<"${is:-{\}}")"
  if [[ -n $writer ]]; then
    grant 'pubsub topics' "$LOGS_TOPIC" "$writer" roles/pubsub.publisher
  else
    printf '  would let the writer of the sink publish to %s\n' "$LOGS_TOPIC"
  fi
  exclude "$PREFIX-hits" "$filter" "$PREFIX-requests" "$(request_filter)" "$PREFIX-visitors" "$(visitor_filter)"
}

describe_sink() { look gcloud logging sinks describe "$SINK" --format=json; }
sink_description() { printf 'Hits, to the pixel pipeline: pipeline=%s' "$PREFIX"; }

# sink_owner IS: by its description; one of an earlier version, by where it writes to.
sink_owner() {
  jq -r --arg ours "/topics/$LOGS_TOPIC" --arg prefix "$PREFIX" 'if .description // "" | test("pipeline=") then
    (.description | capture("pipeline=(?<owner>[a-z0-9-]+)").owner)
    elif .destination | endswith($ours) then $prefix else "" end' <<<"$1"
}

# sink_filter: each hit once. What PixelIngest could not publish is in its own lines; where the load balancer's
# request log is the record, that too. Status and method are LogParse's to judge. No backslashes: [.] is a dot.
sink_filter() {
  local fallback balancer
  fallback="resource.type=\"cloud_run_revision\" AND resource.labels.service_name=$(ingest_names)"
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

# ingest_names: the collector's name; while one of an earlier version still serves, either.
ingest_names() {
  local old
  old="$(earlier_ingest)"
  if [[ -z $old ]]; then printf '"%s"' "$INGEST_SERVICE"; else printf '("%s" OR "%s")' "$INGEST_SERVICE" "$old"; fi
}

earlier_ingest() {
  [[ $INGEST_SERVICE != pixel-ingest ]] || return 0
  listing services | awk -F '|' -v prefix="$PREFIX" '$1 == "pixel-ingest" && $2 == prefix { print $1; exit }'
}

# What the platform says about each push that went well.
request_filter() {
  printf 'resource.type="cloud_run_revision" AND log_id("run.googleapis.com/requests") AND '
  printf 'resource.labels.service_name=("%s" OR "%s") AND httpRequest.status>=200 AND httpRequest.status<300\n' \
    "$PARSE_SERVICE" "$LOADER_SERVICE"
}

# visitor_filter: requests of visitors that are no hits and that nobody needs: the load balancer's log of the tracker and of
# what is posted, and the collector's own request log, of which each line has an address and a URL.
visitor_filter() {
  printf '(resource.type="http_load_balancer" AND resource.labels.url_map_name="%s" AND ' "$PREFIX"
  printf '(httpRequest.requestMethod="POST" OR httpRequest.requestUrl=~"^(https?://[^/?#]*)?(%s)([?#]|$)"))' "$(visitor_paths)"
  printf ' OR (resource.type="cloud_run_revision" AND log_id("run.googleapis.com/requests") AND resource.labels.service_name="%s")\n' \
    "$INGEST_SERVICE"
}

# The paths that visitors' browsers ask for.
visitor_paths() { printf '%s,%s,%s' "$PIXEL_PATHS" "$TRACKER_PATH" "$EVENTS_PATH" | sed 's/\./[.]/g; s/,/|/g'; }

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
  local is name gone=''
  is="$(describe_sink)"
  if [[ -n $is ]] && ! spare Sink "$SINK" "$(sink_owner "$is")"; then
    run gcloud logging sinks delete "$SINK"
  fi
  is="$(look gcloud logging sinks describe _Default --format=json | jq -r '.exclusions[]?.name')"
  for name in "$PREFIX-hits" "$PREFIX-requests" "$PREFIX-visitors"; do
    if has "$is" "$name"; then gone+="${gone:+,}$name"; fi
  done
  [[ -z $gone ]] || run gcloud logging sinks update _Default "--remove-exclusions=$gone"
}
