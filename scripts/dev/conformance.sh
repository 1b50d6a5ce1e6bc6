#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/conformance.sh [FILE…]
#
# Replays requests against the example function Tests/Examples/EventEcho, over a socket, and compares its
# answers and what it received with what the case files expect. Prints passed/all by group and level.
# Ends with 0 only if every must and should case passes; what the texts leave open is listed.
#
#   FILE   case files in the format of cloudevents-cases.json; default: those of Tests/Cases
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

main() {
  case "${1:-}" in
    -h | --help) print_usage "$0"; exit 0 ;;
    -*) die "unknown argument '$1': see --help" ;;
  esac
  local files=("$@")
  if [[ ${#files[@]} -eq 0 ]]; then
    files=("$ROOT"/Tests/Cases/{cloudevents-cases,captures}.json)
  fi
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}"
  say "Building (release)"
  local product
  for product in event-echo conformance; do
    swift build --package-path "$ROOT" -c release --product "$product" 2>&1 | build_errors_only
  done
  BIN="$(swift build --package-path "$ROOT" -c release --show-bin-path)"
  "$BIN/conformance" "${files[@]}"
}

main "$@"
