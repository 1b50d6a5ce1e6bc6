#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Datasets and tables: created if missing, with who may write to them. Sourced.
# shellcheck disable=SC2016  # dollars in single quotes are jq's

# ensure_dataset NAME DESCRIPTION WRITER: WRITER is an account's address.
ensure_dataset() {
  local is
  is="$(bigquery "datasets/$1")"
  if [[ -z $is ]]; then
    [[ -z $KMS_KEY ]] || key_grant "serviceAccount:$(bigquery serviceAccount | jq -r '.email // empty' | grep . || echo "bq-$NUMBER@bigquery-encryption.iam.gserviceaccount.com")"
    run bq mk --dataset "--description=$2" "--label=pipeline:$PREFIX" ${KMS_KEY:+"--default_kms_key=$KMS_KEY"} "$PROJECT:$1"
    made "$1"
    [[ -z $DRY_RUN ]] || { printf '  would give %s WRITER on %s\n' "$3" "$1"; return; }
    is="$(bigquery "datasets/$1")"
  else
    claim_dataset "$1" "$is"
    [[ $(dataset_owner "$is") == "$PREFIX" ]] || run bq update "--set_label=pipeline:$PREFIX" "$PROJECT:$1"
  fi
  [[ $(jq -r '.location | ascii_downcase' <<<"$is") == "$(tr "[:upper:]" "[:lower:]" <<<"$BIGQUERY_LOCATION")" ]] ||
    die "dataset $1 is in $(jq -r .location <<<"$is"), which can't be changed: set BIGQUERY_LOCATION to that"
  jq -e --arg who "$3" 'any(.access[]?; .userByEmail == $who and .role == "WRITER")' <<<"$is" >/dev/null && return
  write_access "$1" "$is" '.access + [{role: "WRITER", userByEmail: $who}]' "$3"
}

dataset_owner() { jq -r '.labels.pipeline // ""' <<<"$1"; }

# claim_dataset NAME IS: an earlier version left a description and no label. Another pipeline's loader in its policy
# says that it is that one's.
claim_dataset() {
  local other
  other="$(jq -r --arg ours "$LOADER_ACCOUNT" --arg tail "-loader@$PROJECT.iam.gserviceaccount.com" \
    'first(.access[]?.userByEmail // empty | select(endswith($tail) and . != $ours)) // "" | rtrimstr($tail)' <<<"$2")"
  claim dataset "$1" "$(dataset_owner "$2")${other:+$([[ -n $(dataset_owner "$2") ]] || printf %s "$other")}"
}

# withdraw NAME WRITER: the opposite, for a dataset that stays.
withdraw() {
  local is
  is="$(bigquery "datasets/$1")"
  [[ $is == *"$2"* ]] || return 0
  write_access "$1" "$is" '.access | map(select(.userByEmail != $who))' "$2"
}

# There is no call that adds one entry: the list is read, changed and written.
write_access() {
  jq --arg who "$4" "{access: ($3)}" <<<"$2" >"$SCRATCH/$1.access.json"
  run bq update --source "$SCRATCH/$1.access.json" "$PROJECT:$1"
}

# tables_of DATASET: the names in it.
tables_of() { list_tables "$1" | jq -r '.[]?.tableReference.tableId'; }

# list_tables DATASET: the tables in it, with their partitioning, as JSON.
list_tables() {
  is_made "$1" && return
  local page token=''
  while true; do
    page="$(bigquery "datasets/$1/tables?maxResults=1000$token")" || exit 1
    jq -c '.tables // []' <<<"${page:-{\}}"
    token="$(jq -r '.nextPageToken // ""' <<<"${page:-{\}}")"
    [[ -n $token ]] || break
    token="&pageToken=$token"
  done | jq -sc 'add'
}

# bigquery PATH: what its API answers to a GET below the project; nothing if that is not there. By curl, since bq takes
# two seconds to start.
bigquery() {
  local CALL=(GET "https://bigquery.googleapis.com/bigquery/v2/projects/$PROJECT/$1") out status attempt
  out="$(mktemp "$SCRATCH/XXXXXX")"
  for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    status="$(curl -sS --max-time 60 -H @<(token_header) -o "$out" -w '%{http_code}' "${CALL[1]}" 2>"$out.err")" || cat "$out.err" >>"$out"
    case "$status" in
      200) cat "$out"; return ;;
      404) return ;;
      401) rm -f "$SCRATCH/token" ;;
      000 | 429 | 5??) [[ $attempt -lt 5 ]] || break; sleep $((attempt * 2)) ;;
      *)
        ! is_absent "$out" || return 0
        if ! later "$out" "$attempt" || [[ $attempt -ge 20 ]]; then break; fi
        sleep "$PAUSE"
        ;;
    esac
  done
  explain "$out"
  exit 1
}

# tables_tool COMMAND OPTION…: scripts/tables.sh for our tables. It needs Swift.
tables_tool() {
  local moved=()
  [[ -z $MOVED_TO ]] || moved=(--archive "$MOVED_TO")
  run_aloud "$ROOT/scripts/tables.sh" "$1" --project "$PROJECT" --dataset "$DATASET" --table "$TABLE" \
    --suffix "$TEMPLATE_SUFFIX" --contract "$ROOT/$CONTRACT" ${moved[@]+"${moved[@]}"} "${@:2}"
}

# plain_schema: a schema's columns in one form, whichever of BigQuery's names for a type it uses.
plain_schema() {
  jq -cS 'def plain: {name, mode: (.mode // "NULLABLE"), description: (.description // ""),
      type: ({INT64: "INTEGER", FLOAT64: "FLOAT", BOOL: "BOOLEAN", STRUCT: "RECORD", DECIMAL: "NUMERIC",
        BIGDECIMAL: "BIGNUMERIC"}[.type | ascii_upcase] // (.type | ascii_upcase)),
      maxLength: (.maxLength // null), tags: (.policyTags.names // []), fields: [.fields[]? | plain]};
    map(plain)'
}

# remove_dataset NAME: with all that is in it.
remove_dataset() {
  local is
  is="$(bigquery "datasets/$1")"
  [[ -n $is ]] || return 0
  spare Dataset "$1" "$(dataset_owner "$is")" || run bq rm -r -f --dataset "$PROJECT:$1"
}
