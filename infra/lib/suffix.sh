#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The table that a row of known values goes to, as the loader names it. Sourced.

# table_of PATTERN TIME_ZONE COLUMN=VALUE…: the suffix of a row with these values that comes now: values of plain letters
# and digits only. Fails if the pattern has a column that is not among them and that the request may have filled.
table_of() {
  local rest="$1" zone="$2" out='' inside value
  shift 2
  while [[ $rest == *\{*\}* ]]; do
    out+="${rest%%\{*}"
    inside="${rest#*\{}" rest="${rest#*\}}"
    inside="${inside%%\}*}"
    case "$inside" in
      date) out+="$(TZ="$zone" date +%Y%m%d)" ;;
      month) out+="$(TZ="$zone" date +%Y%m)" ;;
      hour) out+="$(TZ="$zone" date +%Y%m%d%H)" ;;
      bucket:*)
        value="${inside#bucket:}"
        out+="$(group_of "$(value_of "${value%:*}" "$@")" "${value##*:}")" || return 1 ;;
      *) value="$(value_of "$inside" "$@")" || return 1; out+="$value" ;;
    esac
  done
  printf '%s' "$out$rest"
}

# value_of COLUMN COLUMN=VALUE…
value_of() {
  local name="$1" one
  shift
  for one in "$@"; do
    [[ ${one%%=*} != "$name" ]] || { printf '%s' "${one#*=}"; return; }
  done
  return 1
}

# group_of VALUE COUNT: the first eight bytes of its SHA-256 as a number, modulo COUNT, with as many digits as the last.
group_of() {
  local hex remainder=0 place last=$(($2 - 1))
  [[ -n $1 ]] || return 1
  hex="$(printf '%s' "$1" | fingerprint 16)"
  for ((place = 0; place < 16; place++)); do remainder=$(((remainder * 16 + 0x${hex:place:1}) % $2)); done
  printf '%0*d' "${#last}" "$remainder"
}
