#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks of settings that take more than a pattern. Sourced.

check_contract() {
  [[ -f $ROOT/$CONTRACT ]] || wrong CONTRACT "there is no such file in $ROOT"
  matches CONTRACT '^infra/contracts/[A-Za-z0-9_-]+\.json$' \
    'allowed is a .json file in infra/contracts, which is what the image gets'
  jq -e 'type == "array" and all(.[]; .name and .type)' "$ROOT/$CONTRACT" >/dev/null 2>&1 ||
    wrong CONTRACT 'it is no BigQuery schema file: a JSON array of columns'
}

# The loader checks its pattern in full when it starts; here is what would surprise only then.
check_suffix() {
  local rest="$TEMPLATE_SUFFIX" column groups
  [[ -z $rest || $rest == _* ]] ||
    wrong TEMPLATE_SUFFIX 'it has to begin with _, or queries over all suffix tables would take in the template'
  local form='^([A-Ya-z0-9_]|\{[A-Za-z_][A-Za-z0-9_]*\}|\{bucket:[A-Za-z_][A-Za-z0-9_]*:[0-9]+\})*$'
  [[ $rest =~ $form ]] ||
    wrong TEMPLATE_SUFFIX 'allowed are {column}, {bucket:column:16}, {date}, {month}, {hour}, letters but Z, digits, _'
  local time='\{(date|month|hour)\}'
  [[ ! $rest =~ \}[A-Za-z0-9]*\{ && (! $rest =~ $time || $rest =~ _$time(_|$)) && ! $rest =~ $time.*$time ]] ||
    wrong TEMPLATE_SUFFIX 'two {…} need a _ between them, and {date}, {month} or {hour} stands once, by itself between underscores'
  while [[ $rest =~ \{(bucket:)?([A-Za-z_][A-Za-z0-9_]*)(:[0-9]+)?\}(.*)$ ]]; do
    column="${BASH_REMATCH[2]}" groups="${BASH_REMATCH[3]#:}" rest="${BASH_REMATCH[4]}"
    [[ -z $groups || ($groups =~ ^[1-9][0-9]{0,3}$ && $groups -ge 2 && $groups -le 1000) ]] ||
      wrong TEMPLATE_SUFFIX 'allowed are 2 to 1000 groups, as {bucket:user_id:16}'
    [[ -z $groups && $column =~ ^(date|month|hour)$ ]] && continue
    jq -e --arg name "$column" 'any(.[]; .name == $name)' "$ROOT/$CONTRACT" >/dev/null ||
      wrong TEMPLATE_SUFFIX "the contract has no column $column"
  done
}

# The keys themselves are never printed.
check_write_keys() {
  [[ -n $WRITE_KEYS_FILE ]] || return 0
  [[ $ROAD != bucket ]] || wrong WRITE_KEYS_FILE 'ROAD=bucket takes no POST: leave it empty'
  # What is elsewhere in the repository could be committed, or sent to a builder.
  [[ $WRITE_KEYS_FILE == infra/write-keys || ($WRITE_KEYS_FILE == /* && $WRITE_KEYS_FILE != "$ROOT"/*) ]] ||
    wrong WRITE_KEYS_FILE 'allowed is infra/write-keys, which git ignores, or a full path outside of the repository'
  [[ $WRITE_KEYS_FILE == /* ]] || WRITE_KEYS_FILE="$ROOT/$WRITE_KEYS_FILE"
  [[ -f $WRITE_KEYS_FILE && -r $WRITE_KEYS_FILE ]] || wrong WRITE_KEYS_FILE 'there is no such file to read'
  if [[ ! -s $WRITE_KEYS_FILE ]] || grep -qvE '^[A-Za-z0-9._~+/=-]{16,}$' "$WRITE_KEYS_FILE"; then
    wrong WRITE_KEYS_FILE 'it has to have a key a line, of 16 letters, digits and ._~+/=- or more'
  fi
}

# A name becomes the rule that this machine has for it: the images have no time zones. BigQuery has their names, and no
# rules: DAYS_IN is for it.
# shellcheck disable=SC2034  # for infra/parts/views.sh
check_time_zone() {
  local file="/usr/share/zoneinfo/$TIME_ZONE" name='(<[A-Za-z0-9+-]{3,8}>|[A-Za-z]{3,8})' at='[+-]?[0-9]{1,3}(:[0-9]{2}){0,2}'
  DAYS_IN=UTC
  [[ $TIME_ZONE != UTC ]] || return 0
  if [[ $TIME_ZONE =~ ^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$ && -f $file ]]; then
    DAYS_IN="$TIME_ZONE" TIME_ZONE="$(tail -n 1 "$file")"
  fi
  matches TIME_ZONE "^$name$at($name($at)?(,[MJ0-9][0-9.]*(/$at)?){2})?\$" \
    'allowed are UTC, a name in /usr/share/zoneinfo as Europe/Berlin, or a rule as CET-1CEST,M3.5.0,M10.5.0/3'
}
