# SPDX-License-Identifier: MIT
# Dataset of the events: template table from the contract, and one empty suffix table.
# shellcheck shell=bash

part_tables() {
  local there all TABLE="$TABLE" CONTRACT="$CONTRACT"
  ensure_dataset "$DATASET" 'Events of the pixel pipeline' "$LOADER_ACCOUNT"
  there="$(tables_of "$DATASET")"
  all="$(contracts)"
  while read -r TABLE CONTRACT _; do ensure_tables "$there"; done <<<"$all"
}

# ensure_tables THERE: of TABLE and CONTRACT.
ensure_tables() {
  local there="$1" is='' template="$PROJECT:$DATASET.$TABLE"
  if has "$there" "$TABLE"; then
    is="$(bigquery "datasets/$DATASET/tables/$TABLE")"
    update_schema "$template" "$is"
  else
    make_table "$template" 'Template: suffix tables get its columns when their first row comes'
  fi
  # A query over all suffix tables fails until there is one. No value and no pattern makes the suffix _Ze.
  [[ -z $TEMPLATE_SUFFIX ]] || has "$there" "${TABLE}_Ze" ||
    make_table "${template}_Ze" 'Empty: lets queries over all suffix tables run before the first event'
  [[ -z $TEMPLATE_SUFFIX || -z $is ]] || update_suffix_tables "$is" "$there"
}

make_table() {
  local shape=("--clustering_fields=$(clustering)" "--label=columns:$(columns_label)")
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

# update_schema TABLE IS: new columns and descriptions go into it; BigQuery refuses what would lose data.
update_schema() {
  [[ $(jq '.schema.fields' <<<"$2" | plain_schema) == "$(plain_schema <"$ROOT/$CONTRACT")" ]] ||
    run bq update "$1" "$ROOT/$CONTRACT"
}

# columns_label: what the columns are, in the form of a label.
columns_label() {
  plain_schema <"$ROOT/$CONTRACT" | jq -c 'walk(if type == "object" then del(.description) else . end)' |
    fingerprint 12
}

# update_suffix_tables TEMPLATE TABLES: they keep the columns that they were made with. The template's label says for
# which columns they were last seen to.
update_suffix_tables() {
  local label code=0 template="$PROJECT:$DATASET.$TABLE"
  label="$(columns_label)"
  [[ $(jq -r '.labels.columns' <<<"$1") != "$label" ]] || return 0
  if [[ $(grep "^${TABLE}_" <<<"$2" | grep -cvx "${TABLE}_Ze") -gt 0 ]]; then
    # Many at once, and with a look at each table's streaming buffer.
    tables_tool add-columns || code=$?
  else
    run bq update "${template}_Ze" "$ROOT/$CONTRACT"
  fi
  case "$code" in
    0) run bq update "--set_label=columns:$label" "$template" ;;
    # Rows have just come to some: BigQuery brings them the template's change by itself. The next run looks again.
    3) ;;
    *) die 'suffix tables lack columns of the contract: what fills them is not deployed before they have them' ;;
  esac
}

undo_tables() {
  if [[ -n ${KEEP_DATA:-} ]]; then
    withdraw "$DATASET" "$LOADER_ACCOUNT"
  else
    remove_dataset "$DATASET"
  fi
}
