# SPDX-License-Identifier: MIT
# The view `events` and the table function `events_between`: one row an event, over all suffix tables.
# shellcheck shell=bash

part_views() {
  local all VIEW TABLE="$TABLE" CONTRACT="$CONTRACT"
  all="$(contracts)"
  while read -r TABLE CONTRACT VIEW; do ensure_views; done <<<"$all"
}

# ensure_views: of TABLE and CONTRACT: VIEW and VIEW_between.
ensure_views() {
  # infra/sql is for suffixes that end in the date, and nothing moved; else it takes the tool that wrote it, and Swift.
  if [[ -n $MOVED_TO || ! $TEMPLATE_SUFFIX =~ (^|_)\{date\}$ ]] || ! has_plain_key; then
    tables_tool view --time-zone "$DAYS_IN"
    return
  fi
  local is wanted
  is="$(bigquery "datasets/$DATASET/tables/$VIEW" | jq -r '.view.query // ""' | one_line)"
  wanted="$(statement events)"
  [[ $is != "$(one_line <<<"${wanted#*" AS"}")" ]] || return 0
  # The function first: a run that stops between the two sees by the view that it has to go on.
  run bq query --use_legacy_sql=false "$(statement events_between)"
  if [[ -z $is ]]; then
    run bq mk --use_legacy_sql=false "--view=${wanted#*" AS"}" '--description=Every event once' "$PROJECT:$DATASET.$VIEW"
  else
    run bq update --use_legacy_sql=false "--view=${wanted#*" AS"}" "$PROJECT:$DATASET.$VIEW"
  fi
}

# statement NAME: the SQL of infra/sql with our names and the contract's columns.
statement() {
  local columns
  columns="$(jq -r 'map("`\(.name)`") | join(", ")' "$ROOT/$CONTRACT")"
  sed -e '/^--/d' -e "s/^\( *\)\`event_id\`, \`.*,\$/\1$columns,/" -e "$(key_edits)" \
    -e "s/\`PROJECT\.pixel\.pixel_\*\`/\`$PROJECT.$DATASET.${TABLE}_*\`/" \
    -e "s/\`PROJECT\.pixel\.events\([a-z_]*\)\`/\`$PROJECT.$DATASET.$VIEW\1\`/" \
    "$ROOT/infra/sql/$1.sql" | sed -e '$s/;$//'
}

# has_plain_key: whether PARTITION BY takes the contract's columns of an event's key as they are.
has_plain_key() {
  jq -e 'all(.[] | select(.name | IN("type", "client_time", "user_id"));
    (.mode // "" | ascii_upcase) != "REPEATED" and (.type | ascii_upcase | IN("STRING", "INTEGER", "INT64", "BOOLEAN",
      "BOOL", "NUMERIC", "BIGNUMERIC", "TIMESTAMP", "DATETIME", "DATE", "TIME", "BYTES")))' "$ROOT/$CONTRACT" >/dev/null
}

# key_edits: what sed has to do to the key of infra/sql for a contract that lacks some of its columns.
key_edits() {
  jq -r 'if any(.[]; .name == "client_event_id" and (.type | ascii_upcase) == "STRING"
      and (.mode // "" | ascii_upcase) != "REPEATED")
    then ["type", "client_time", "user_id"] - map(.name) | map("/NULL, NULL, `\(.)`),$/d") | join("\n")
    else "/^QUALIFY/,/^) = 1/c\\\nQUALIFY ROW_NUMBER() OVER (PARTITION BY table_suffix, table_date, `event_id`) = 1"
    end' "$ROOT/$CONTRACT"
}

one_line() { tr -s ' \n' '  ' | sed 's/^ //; s/ $//'; }

# They go with their dataset.
undo_views() { :; }
