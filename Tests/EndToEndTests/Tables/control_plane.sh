#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: control_plane.sh TOOL CONTRACT
# Runs each command of the table tool against the offline control plane that FAKEGCP_URL names.
set -euo pipefail

readonly TOOL="$1" CONTRACT="$2"
readonly DATASETS="$FAKEGCP_URL/bigquery/v2/projects/$FAKEGCP_PROJECT/datasets"

post() {
  curl -sSf -o /dev/null -H 'Content-Type: application/json' -H 'Authorization: Bearer x' \
    --data-binary "$2" "$DATASETS$1"
}

main() {
  local columns table place=(--project "$FAKEGCP_PROJECT" --endpoint "$FAKEGCP_URL")
  columns="$(<infra/contracts/pixel.json)"
  post '' '{"datasetReference": {"datasetId": "pixel"}, "defaultTableExpirationMs": "3600000"}'
  for table in pixel pixel_u1_20260101 pixel_u1_29991231 pixel_Zo_20260103; do
    post /pixel/tables \
      "{\"tableReference\": {\"datasetId\": \"pixel\", \"tableId\": \"$table\"},
        \"schema\": {\"fields\": $columns}}"
  done
  "$TOOL" tables list "${place[@]}"
  "$TOOL" tables add-columns "${place[@]}" --contract "$CONTRACT" --dry-run
  "$TOOL" tables add-columns "${place[@]}" --contract "$CONTRACT"
  "$TOOL" tables view "${place[@]}" --contract "$CONTRACT"
  "$TOOL" tables expire "${place[@]}" --days 400
  "$TOOL" tables expire "${place[@]}" --days 400
  "$TOOL" tables expire "${place[@]}" --days never
  # Its queries have no answer here; what it makes before has.
  "$TOOL" tables move "${place[@]}" --dry-run
  "$TOOL" tables move "${place[@]}" || true
  "$TOOL" tables expire "${place[@]}" --days 30 --archive events_moved
}

main
