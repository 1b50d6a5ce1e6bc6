#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/field-reports.sh [CASE…]
#
# Feeds inputs that people have reported as coming out wrong (Tests/Cases/field-reports) to the whole pipeline on this
# machine and says for each whether it comes out right now. Exits with 1 if one does not.
#
#   CASE   a kind (list-by-index), or one case (list-by-index--plain); default: all, about four minutes
#
# Chromium and Node.js are needed for the tracker's cases; those are skipped, with a line that says so, where one
# cannot be installed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

main() {
  case "${1:-}" in
    -h | --help) print_usage "$0"; exit 0 ;;
    -*) die "unknown argument '$1': see --help" ;;
  esac
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}" python3
  command -v node >/dev/null || (install_packages nodejs) || say 'nodejs could not be installed'
  command -v chromium >/dev/null || (install_packages chromium) || say 'chromium could not be installed'
  build_release
  PYTHONPATH="$ROOT/Tests/Kits" PYTHONDONTWRITEBYTECODE=1 \
    python3 -m fieldreports --binaries "$BIN" "$@"
}

main "$@"
