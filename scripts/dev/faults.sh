#!/usr/bin/env bash
# Usage: scripts/dev/faults.sh [--full] [SCENARIO]
#
# Runs bq-loader and log-parse through all scenarios of the fault kit: lost answers, outages, kills, forged
# pushes. The kit is not part of this repository: it is looked for in the folder that PIPELINE_FAULTKIT
# names, else in ../shared/tools/faultkit; without it nothing is run, and that is said.
#
#   --full     long times as they are and 10,000 messages each, about an hour; else a tenth of both
#   SCENARIO   only this one, or several with commas, of bq-loader
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

readonly KIT="${PIPELINE_FAULTKIT:-$ROOT/../shared/tools/faultkit}"
readonly PROFILES="$ROOT/Tests/EndToEndTests/Faults"
readonly OUT="$ROOT/.build/faults"

SCALE=(--scale 0.1 --count 1000)
FAILED=0

matrix() {
  local name="$1" profile="$2" scenarios="$3"
  shift 3
  say "== $name"
  (cd "$ROOT" && python3 "$KIT/run_matrix.py" --profile "$profile" --scenario "$scenarios" \
    --out "$OUT/$name" "$@") || FAILED=1
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
  python3 "$KIT/run_matrix.py" --list | awk '/^for a stage/ { exit } { print $1 }' |
    grep -vxE 'dns_failure|token_stale' | paste -sd,
}

main() {
  local only=''
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --full) SCALE=(--scale 1 --count 10000) ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      -*) die "unknown argument '$1': see --help" ;;
      *) only="$1" ;;
    esac
    shift
  done
  if [[ ! -f $KIT/run_matrix.py ]]; then
    say "No fault kit in $KIT: its scenarios are skipped. Set PIPELINE_FAULTKIT to its folder."
    return 0
  fi
  require_swift
  build_release
  mkdir -p "$OUT"
  if [[ -n $only ]]; then
    matrix "only" "$PROFILES/bq-loader.json" "$only" "${SCALE[@]}"
    return "$FAILED"
  fi
  matrix bq-loader "$PROFILES/bq-loader.json" "$(loader_scenarios)" "${SCALE[@]}"
  check_tables "$OUT/bq-loader/matrix.json"
  # Its tokens are bad for so short a time, at a tenth, that none is asked for meanwhile.
  matrix bq-loader-stale "$PROFILES/bq-loader.json" token_stale --scale 1 --count "${SCALE[3]}"
  matrix log-parse "$PROFILES/log-parse.json" all "${SCALE[@]}"
  return "$FAILED"
}

main "$@"
