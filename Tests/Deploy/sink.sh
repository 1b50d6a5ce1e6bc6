#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/sink.sh
#
# Sends every entry of entries.jsonl through the sink filter of its road, and adds up that each hit is on the
# topic exactly once: exported, or published by pixel-ingest itself.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

readonly ENTRIES="$ROOT/Tests/Deploy/entries.jsonl"
readonly ROADS=(service-log service-publish bucket direct)

# filter_of ROAD: what infra/parts/sink.sh makes of its configuration. Of "visitors": what _Default need not store, with a
# tracker elsewhere.
filter_of() {
  local -x CONFIG FILTER=sink_filter
  if [[ $1 == visitors ]]; then
    FILTER=visitor_filter CONFIG="$(config visitors ROAD=service TRACKER_PATH=/lib/a.js EVENTS_PATH=/a/collect)"
  else
    CONFIG="$(road_config "$1")"
  fi
  # shellcheck disable=SC2016  # another shell's dollars
  bash -euc 'source "$0/scripts/lib.sh"; source "$ROOT/infra/lib/load.sh"; load_settings; load_parts; "$FILTER"' "$ROOT"
}

# A sink for each road, made by the API itself: the filter is what is looked at.
make_sinks() {
  local road filter call=(curl -fsS -H 'Authorization: Bearer any' -H 'Content-Type: application/json')
  "${call[@]}" -X PUT "$FAKEGCP_URL/v1/projects/my-project/topics/pixel-logs" -d '{}' >/dev/null
  for road in "${ROADS[@]}" visitors; do
    filter="$(filter_of "$road")"
    jq -n --arg name "$road" --arg filter "$filter" \
      '{name: $name, filter: $filter, destination: "pubsub.googleapis.com/projects/my-project/topics/pixel-logs"}' |
      "${call[@]}" "$FAKEGCP_URL/v2/projects/my-project/sinks" -d @- >/dev/null
  done
}

# once: cases that are one hit and are not exactly once on the topic. Cases that are none begin otherwise.
once() {
  jq -sr '[.[] | select(._case | startswith("one ") or startswith("published "))] | group_by([._road, ._case])[] |
    {case: "\(.[0]._road), \(.[0]._case)", exported: map(select(._expect)) | length,
      published: (if .[0]._case | startswith("published ") then 1 else 0 end)} |
    select(.exported + .published != 1) | "\(.case): \(.exported + .published) times"' "$ENTRIES"
}

main() {
  if [[ ${1:-} == make-sinks ]]; then make_sinks; return; fi
  can_deploy || return 0
  local road failed=0 wrong
  check 'every road has a sink filter that Cloud Logging takes' \
    fake sinks --allow-disabled-apis -- "$ROOT/Tests/Deploy/sink.sh" make-sinks
  for road in "${ROADS[@]}"; do
    jq -c --arg road "$road" 'select(._road == $road)' "$ENTRIES" >"$WORK/$road.jsonl"
    check "$road: $(wc -l <"$WORK/$road.jsonl") entries are exported or not, as they should be" \
      fake sinks --match "$road" "$WORK/$road.jsonl" || failed=1
  done
  jq -c 'select(._road == "visitors")' "$ENTRIES" >"$WORK/visitors.jsonl"
  check "visitors: $(wc -l <"$WORK/visitors.jsonl") requests are stored or not, wherever tracker and posts are" \
    fake sinks --match visitors "$WORK/visitors.jsonl" || failed=1
  wrong="$(once)"
  [[ -z $wrong ]] || { say "  FAILED: not exactly once: $wrong"; failed=1; }
  [[ $failed -eq 0 ]] || exit 1
  say '  each hit is on the topic exactly once, on every road'
}

main "$@"
