#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/faults.sh [--few | --full] [SCENARIO]
#
# Runs bq-loader and log-parse through the scenarios of the fault kit (Tests/Kits/faultkit): lost answers, outages,
# kills, forged pushes. Exits with 1 if a scenario does not pass.
#
#   --few      six scenarios, at a tenth of the times: an outage, a lost answer, half of an insert, kills, forged
#              pushes, and a lost answer of Pub/Sub; about two minutes
#   --full     all scenarios with times as they are and 10,000 messages each, about an hour; without either all
#              scenarios, at a tenth of both
#   SCENARIO   only this one, or several with commas, of bq-loader
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

readonly KIT="$ROOT/Tests/Kits/faultkit"
readonly OUT="$ROOT/.build/faults"
# What --few runs.
readonly FEW_LOADER=bq_503,reset_after,partial_commit,kill9,forged
readonly FEW_PARSE=pub_reset_after

SCALE=(--scale 0.1 --count 1000)
FAILED=0

# matrix NAME STAGE SCENARIOS OPTION…
matrix() {
  local name="$1" stage="$2" scenarios="$3"
  shift 3
  say "== $name"
  (cd "$ROOT" && python3 "$KIT/matrix.py" --profile "$KIT/profiles/$stage.json" --binaries "$BIN" \
    --scenario "$scenarios" --out "$OUT/$name" "$@") || FAILED=1
}

# The kit only counts how many tables made-up users get: 200 are allowed, and the overflow and template tables.
check_tables() {
  python3 - "$1" <<'PYTHON' || FAILED=1
import json, sys
for run in json.load(open(sys.argv[1])):
    if run["scenario"] == "table_explosion":
        print(f"table_explosion: {run['tables']} tables")
        sys.exit(run["tables"] > 202 or run["acked"] < 1000)
sys.exit("table_explosion was not run")
PYTHON
}

# The names of bq-loader's scenarios but two. token_stale has a run of its own. dns_failure gives the loader a
# plain http URL of another host, with which it refuses to start: no token may go there.
loader_scenarios() {
  python3 "$KIT/matrix.py" --list | awk '/^for a stage/ { exit } { print $1 }' |
    grep -vxE 'dns_failure|token_stale' | paste -sd,
}

main() {
  local only='' few=''
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --few) few=1 ;;
      --full) SCALE=(--scale 1 --count 10000) ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      -*) die "unknown argument '$1': see --help" ;;
      *) only="$1" ;;
    esac
    shift
  done
  require_swift
  install_packages python3
  build_release
  mkdir -p "$OUT"
  if [[ -n $only ]]; then
    matrix only bq-loader "$only" "${SCALE[@]}"
    return "$FAILED"
  fi
  if [[ -n $few ]]; then
    matrix bq-loader bq-loader "$FEW_LOADER" "${SCALE[@]}"
    matrix log-parse log-parse "$FEW_PARSE" "${SCALE[@]}"
    return "$FAILED"
  fi
  matrix bq-loader bq-loader "$(loader_scenarios)" "${SCALE[@]}"
  check_tables "$OUT/bq-loader/matrix.json"
  # Its tokens are bad for so short a time, at a tenth, that none is asked for meanwhile.
  matrix bq-loader-stale bq-loader token_stale --scale 1 --count "${SCALE[3]}"
  matrix log-parse log-parse all "${SCALE[@]}"
  return "$FAILED"
}

main "$@"
