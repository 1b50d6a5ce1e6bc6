#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Settings of the programs that a configuration may pass on, and what each may be. Sourced.
# shellcheck disable=SC2034  # its variables are for infra/services

# Programs, name, and the form of its value; numbers from and to. What is not here is said by the deployment itself,
# since it has to fit the platform (PORT, REQUEST_TIMEOUT), the names (topics, tables) or the image (files).
readonly PASSED_ON=(
  'ingest parse loader|WORKERS|1 64'
  'ingest parse loader|LOG_LEVEL|debug info notice warning error'
  'ingest parse loader|LOG_CALLS|^(problems|all|1/[1-9][0-9]{0,8})$'
  'ingest parse loader|MAX_BODY_BYTES|BYTES'
  'ingest parse loader|MAX_IN_FLIGHT|1 100000'
  'ingest parse loader|MAX_BUFFERED_BYTES|BYTES'
  'ingest parse loader|PUBSUB_ENDPOINT|^https://[a-z0-9.-]+$'
  'loader|BIGQUERY_ENDPOINT|^https://[a-z0-9.-]+$'
  'ingest|PUBLISH_TIMEOUT|TIME'
  'ingest|CONTRACT|^/contracts/[A-Za-z0-9_-]+[.]json$'
  'ingest|TRACKER_PATH|^(/[A-Za-z0-9._~-]+)+(,(/[A-Za-z0-9._~-]+)+){0,7}$'
  'ingest|EVENTS_PATH|^(/[A-Za-z0-9._~-]+)+(,(/[A-Za-z0-9._~-]+)+){0,7}$'
  'ingest|ID_COOKIE|^[A-Za-z0-9_.-]{1,64}$'
  'ingest|ID_COOKIE_LIFETIME|TIME'
  'parse|TEST_PARAMETER|^[A-Za-z0-9_.-]{0,64}$'
  'loader|MAX_NEW_TABLES_PER_HOUR|0 36000'
  'loader|SCHEMA_GRACE|TIME'
  'loader|BATCH_ROWS|1 50000'
  'loader|BATCH_BYTES|BYTES'
  'loader|BATCH_LINGER|TIME'
  'loader|MAX_INSERTS|1 64'
)

# check_passed_on FIELD PROGRAM: its words are settings that the program takes.
check_passed_on() {
  local word name seen=' '
  for word in ${!1}; do
    name="${word%%=*}"
    [[ $word == *=* ]] || wrong "$1" "'$word' is not NAME=value"
    [[ $seen != *" $name "* ]] || wrong "$1" "$name is there twice"
    seen+="$name "
    check_value "$1" "$2" "$name" "${word#*=}"
  done
}

# check_value FIELD PROGRAM NAME VALUE
check_value() {
  local line programs name form
  for line in "${PASSED_ON[@]}"; do
    IFS='|' read -r programs name form <<<"$line"
    [[ $name == "$3" && " $programs " == *" $2 "* ]] || continue
    fits "$4" "$form" || wrong "$1" "$3 may be $(in_words "$form")"
    return
  done
  wrong "$1" "there is no setting $3 to pass on; there are $(names_for "$2")"
}

# fits VALUE FORM
fits() {
  case "$2" in
    TIME) [[ $1 =~ ^[0-9]{1,9}(ms|s|m|h)$ ]] ;;
    BYTES) [[ $1 =~ ^[1-9][0-9]{0,11}(B|kB|MB|GB|KiB|MiB|GiB)?$ ]] ;;
    ^*) [[ $1 =~ $2 ]] ;;
    [0-9]*) [[ $1 =~ ^(0|[1-9][0-9]{0,8})$ && $1 -ge ${2% *} && $1 -le ${2#* } ]] ;;
    *) [[ -n $1 && " $2 " == *" $1 "* ]] ;;
  esac
}

in_words() {
  case "$1" in
    TIME) echo 'a time as 5ms, 40s, 2m or 24h' ;;
    BYTES) echo 'bytes as 16MiB or 9MB' ;;
    ^*) echo "what matches $1" ;;
    [0-9]*) echo "a whole number from ${1% *} to ${1#* }" ;;
    *) echo "one of ${1// /, }" ;;
  esac
}

names_for() {
  local line programs name names=''
  for line in "${PASSED_ON[@]}"; do
    IFS='|' read -r programs name _ <<<"$line"
    [[ " $programs " != *" $1 "* ]] || names+="${names:+, }$name"
  done
  echo "$names"
}

# environment FIELD: its words as lines of a service file.
environment() {
  local word
  for word in ${!1}; do printf "            - {name: %s, value: '%s'}\n" "${word%%=*}" "${word#*=}"; done
}
