#!/usr/bin/env bash
# Usage: scripts/bench-loader.sh [--quick]
#
# Measures bq-loader against a stand-in for BigQuery that speaks TLS and waits 0 or 25 ms: CPU time per
# event, latency, memory, start, and how long a new connection keeps the loop. Prints Markdown.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

readonly WORK="$ROOT/.build-bench"

main() {
  local options=()
  case "${1:-}" in
    '') ;;
    --quick) options=(--seconds 2 --rounds 2) ;;
    -h | --help) print_usage "$0"; exit 0 ;;
    *) die "unknown argument '$1': see --help" ;;
  esac
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}" wrk golang-go python3
  mkdir -p "$WORK"
  build_release >&2
  (cd "$ROOT/Tests/Benchmarks/loader" && go build -o "$WORK/bigquery-peer" .)
  exec python3 "$ROOT/Tests/Benchmarks/loader/measure.py" --loader "$BIN/bq-loader" \
    --peer "$WORK/bigquery-peer" "${options[@]}"
}

main "$@"
