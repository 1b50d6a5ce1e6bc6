#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/differential.sh [--inputs N] [--seed N]
#
# Reads made-up and damaged queries and JSON documents with our scanners, with Python's parsers and with
# Foundation's, and prints how many were compared and which documented differences came up. Exits with 1 at
# the first difference that is not documented (Tests/Differential/README.md).
#
#   --inputs N  how many, half of them queries (default 10000000: some minutes)
#   --seed N    which ones (default 1)
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

main() {
  local inputs=10000000 seed=1
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --inputs) inputs="${2:-}"; shift ;;
      --seed) seed="${2:-}"; shift ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      *) die "unknown argument '$1': see --help" ;;
    esac
    shift || true
  done
  [[ $inputs =~ ^[1-9][0-9]{0,11}$ ]] || die "--inputs takes a number, not '$inputs'"
  [[ $seed =~ ^[0-9]{1,9}$ ]] || die "--seed takes a number, not '$seed'"
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}" python3
  swift build --package-path "$ROOT" -c release --product differential 2>&1 | build_errors_only >&2
  exec "$(swift build --package-path "$ROOT" -c release --show-bin-path)/differential" "$inputs" "$seed"
}

main "$@"
