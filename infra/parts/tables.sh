# Dataset of the events: template table from the contract, and one empty suffix table.
# shellcheck shell=bash

part_tables() {
  local there template="$PROJECT:$DATASET.$TABLE"
  ensure_dataset "$DATASET" 'Events of the pixel pipeline' "$LOADER_ACCOUNT"
  there="$(tables_of "$DATASET")"
  if has "$there" "$TABLE"; then
    update_schema "$template"
  else
    make_table "$template" 'Template: suffix tables get its columns when their first row comes'
  fi
  # A query over all suffix tables fails until there is one. No value and no pattern makes the suffix _Ze.
  [[ -z $TEMPLATE_SUFFIX ]] || has "$there" "${TABLE}_Ze" ||
    make_table "${template}_Ze" 'Empty: lets queries over all suffix tables run before the first event'
}

make_table() {
  local shape=("--clustering_fields=$(clustering)")
  # Without suffixes one table holds everything, so it is cut by day.
  [[ -n $TEMPLATE_SUFFIX ]] || shape+=(--time_partitioning_type=DAY --time_partitioning_field=event_time)
  run bq mk --table "--schema=$ROOT/$CONTRACT" "--description=$2" "${shape[@]}" "$1"
}

# Columns that most queries name, of those that the contract has.
clustering() {
  jq -r '[.[] | select(.mode != "REPEATED") | .name] as $has |
    [("type", "user_id", "event_time") | select(. as $name | $has | any(. == $name))] | join(",")' \
    "$ROOT/$CONTRACT"
}

# New columns and descriptions go into the template; BigQuery refuses what would lose data.
update_schema() {
  local is wanted
  is="$(look bq --format=json show --schema "$1" | plain_schema)"
  wanted="$(plain_schema <"$ROOT/$CONTRACT")"
  [[ $is == "$wanted" ]] || run bq update "$1" "$ROOT/$CONTRACT"
}

undo_tables() {
  if [[ -n ${KEEP_DATA:-} ]]; then
    withdraw "$DATASET" "$LOADER_ACCOUNT"
  else
    remove_dataset "$DATASET"
  fi
}
