# SPDX-License-Identifier: MIT
# What an earlier configuration or version made and nothing uses any more: goes when it is idle, and is named until then.
# shellcheck shell=bash
# shellcheck disable=SC2153  # REGION is a setting

part_leftovers() {
  local name region gone=''
  while read -r name region; do
    if is_idle "$name" "$region"; then
      run gcloud run services delete "$name" "--region=$region"
      gone=1
    else
      printf '  Service %s in %s is of an earlier configuration and still gets requests (or its metrics can'\''t be read): it goes with a later deployment.\n' \
        "$name" "$region"
    fi
  done < <(old_services)
  if [[ -n $gone ]]; then
    relist services
    # Its lines are no hits any more.
    part_sink
  fi
  old_roads
  describe_accounts
}

# old_services: those with our label that this configuration has no place for, as 'NAME REGION'.
old_services() {
  listing services | while IFS='|' read -r name is more; do
    [[ $is == "$PREFIX" ]] || continue
    region="$(jq -r .region <<<"$more")"
    is_wanted "$name" "$region" || printf '%s %s\n' "$name" "$region"
  done
}

# is_wanted NAME REGION
is_wanted() {
  case "$1" in
    "$INGEST_SERVICE") [[ $ROAD != bucket ]] && has "$(ingest_regions)" "$2" ;;
    "$PARSE_SERVICE" | "$LOADER_SERVICE") [[ $2 == "$REGION" ]] ;;
    *) return 1 ;;
  esac
}

# is_idle NAME REGION: no request in the last ten minutes; the collector at its own address: in the last day, since pages
# have that address in them.
is_idle() {
  local minutes=10 answer
  [[ $ROAD != direct || $1 == *-parse || $1 == *-loader ]] || minutes=1440
  answer="$(time_series run.googleapis.com/request_count "$minutes" \
    " AND resource.labels.service_name=\"$1\" AND resource.labels.location=\"$2\"")"
  [[ -n $answer ]] && jq -e '[.timeSeries[]?.points[]?.value.int64Value // "0" | tonumber] | add // 0 | . == 0' <<<"$answer" >/dev/null
}

# old_roads: parts of another ROAD that are still there. They may still serve: whoever takes them down knows.
old_roads() {
  if [[ $ROAD != bucket && $(ask "https://storage.googleapis.com/storage/v1/b/$BUCKET" | jq -r '.labels.pipeline // ""') == "$PREFIX" ]]; then
    printf '  Bucket %s is of ROAD=bucket: scripts/teardown.sh bucket removes it when no page asks for it.\n' "$BUCKET"
  fi
  if [[ $ROAD == direct && $(ask "https://compute.googleapis.com/compute/v1/projects/$PROJECT/global/addresses/$PREFIX" |
    jq -r '.description // ""') == *"pipeline=$PREFIX" ]]; then
    printf '  The load balancer of another ROAD is still there, and costs: scripts/teardown.sh balancer removes it.\n'
  fi
}

# ask URL: what is there, if it is there and can be seen. Quietly: it decides about a sentence.
ask() {
  token_header >/dev/null || return 0
  curl -fsS --max-time 20 -H @<(token_header) "$1" 2>/dev/null || true
}

# In a teardown they go at once.
undo_old_services() {
  local name region
  while read -r name region; do
    aside run gcloud run services delete "$name" "--region=$region"
  done < <(old_services)
  together
}

undo_leftovers() { :; }
