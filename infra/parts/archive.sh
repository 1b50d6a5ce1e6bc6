# SPDX-License-Identifier: MIT
# Dataset of the operators: raw log entries and rejected events, written by Pub/Sub itself.
# shellcheck shell=bash

part_archive() {
  local there agent="${PUBSUB_AGENT#serviceAccount:}"
  ensure_dataset "$OPS_DATASET" 'Raw log entries and rejected events of the pixel pipeline' "$agent"
  there="$(list_tables "$OPS_DATASET")"
  aside keep_table "$there" raw 'Log entries as they came, from the logs topic' "$RAW_DAYS"
  aside keep_table "$there" rejected 'What could not become a row: bytes and reason' "$REJECTED_DAYS"
  together
  listing subscriptions >/dev/null
  aside archive_topic "$RAW_ARCHIVE" "$LOGS_TOPIC" raw
  aside archive_topic "$REJECTED_ARCHIVE" "$REJECTED_TOPIC" rejected
  together
}

# keep_table THERE NAME DESCRIPTION DAYS: cut by day, and forgotten after so many.
keep_table() {
  local table="$PROJECT:$OPS_DATASET.$2" seconds=$(($4 * 86400)) is
  is="$(jq -r --arg name "$2" '.[]? | select(.tableReference.tableId == $name) | .timePartitioning.expirationMs // 0' <<<"$1")"
  if [[ -z $is ]]; then
    run bq mk --table "--schema=$ROOT/infra/archive.json" "--description=$3" \
      --time_partitioning_type=DAY --time_partitioning_field=publish_time \
      "--time_partitioning_expiration=$seconds" "$table"
    return
  fi
  [[ $is == "${seconds}000" ]] ||
    run bq update "--time_partitioning_expiration=$seconds" --time_partitioning_type=DAY \
      --time_partitioning_field=publish_time "$table"
}

# Data stays bytes: what was rejected may be no text, and is to be sent again as it was.
archive_topic() {
  ensure_subscription "$1" "$2" 60 "$MESSAGE_DAYS" '10 600' \
    "--bigquery-table=$PROJECT:$OPS_DATASET.$3" --write-metadata
}

undo_archive() {
  undo_subscriptions_named "$RAW_ARCHIVE" "$REJECTED_ARCHIVE"
  if [[ -n ${KEEP_DATA:-} ]]; then
    withdraw "$OPS_DATASET" "${PUBSUB_AGENT#serviceAccount:}"
  else
    remove_dataset "$OPS_DATASET"
  fi
}
