#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/growth.sh
#
# A column is added to the contract of a pipeline that runs: one deployment gives it to the template, the suffix
# tables and the view, then to loader, parser and collector, in that order. Tests/EndToEndTests does the same with
# the programs, under load.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

# A copy, so that the contract is the test's to change. The table tool knows no proxy, so it is told where the offline
# Google Cloud is.
copy_tree() {
  mkdir -p "$WORK/tree"
  cp -r "$ROOT/infra" "$ROOT/scripts" "$WORK/tree/"
  # shellcheck disable=SC2016  # another shell's dollars
  printf '#!/bin/sh\nexec "%s/pixel" tables "$@" --endpoint "$FAKEGCP_URL"\n' "$1" >"$WORK/tree/scripts/tables.sh"
}

# The suffix tables that rows would have made.
make_tables() {
  local table
  for table in pixel_u1_20260101 pixel_u2_20260101; do
    curl -fsS -o /dev/null -H 'Authorization: Bearer any' -H 'Content-Type: application/json' \
      "$FAKEGCP_URL/bigquery/v2/projects/my-project/datasets/pixel/tables" \
      -d "$(jq -c --arg name "$table" '{tableReference: {datasetId: "pixel", tableId: $name}, schema: {fields: .}}' \
        "$ROOT/infra/contracts/pixel.json")"
  done
}

# changed_in_order: the names of what the last run changed.
changed_in_order() { jq -r 'select(.changed) | .path | split("/") | last' "$WORK/growth.requests" | paste -sd ' '; }

# in_order: each of the words comes after the one before.
in_order() {
  local said word rest
  said="$(changed_in_order)"
  rest=" $said "
  for word in "$@"; do
    [[ $rest == *" $word "* ]] || { printf '%s is not, or too early, in: %s\n' "$word" "$said"; return 1; }
    rest=" ${rest#*" $word "}"
  done
}

main() {
  [[ ${1:-} != make-tables ]] || { make_tables; return; }
  can_deploy || return 0
  local bin="${PIXEL_BINARIES:-$ROOT/.build/release}" deploy parts=(tables views services)
  [[ -x $bin/pixel ]] || { say "SKIPPED: pixel is not built in $bin"; return 0; }
  copy_tree "$bin"
  deploy=("$WORK/tree/scripts/deploy.sh")
  export CONFIG
  CONFIG="$(config growth ROAD=direct)"
  check 'a pipeline with its first tables' fake growth -- "${deploy[@]}" apis accounts topics "${parts[@]}"
  check 'and those that rows have made' fake growth -- "$ROOT/Tests/Deploy/growth.sh" make-tables
  sed -i '$ i ,{"name": "coupon", "type": "STRING"}' "$WORK/tree/infra/contracts/pixel.json"
  # The contract is in the images: another one makes other images.
  CONFIG="$(config grown ROAD=direct IMAGE_TAG=other)"
  check 'a dry run with one more column writes nothing' fake growth --read-only -- "${deploy[@]}" --dry-run "${parts[@]}"
  : >"$WORK/growth.requests"
  check 'one more column is deployed' fake growth -- "${deploy[@]}" "${parts[@]}"
  check 'to the template first' in_order pixel pixel_u1_20260101
  check 'to all suffix tables, the view, the loader, the parser, the collector' \
    in_order pixel pixel_u2_20260101 events pixel-loader pixel-parse pixel-ingest
  check 'and the empty table' in_order pixel_Ze events
  check 'and then nothing more' fake growth --expect-unchanged -- "${deploy[@]}" "${parts[@]}"
  CONFIG="$(config moved ROAD=direct IMAGE_TAG=other MOVED_TO=events_moved TIME_ZONE=Europe/Berlin)"
  check 'the view is told of moved rows, and whose days to count' \
    prints ' --archive events_moved --time-zone Europe/Berlin' \
    fake growth --read-only -- "${deploy[@]}" --dry-run views
}

main "$@"
