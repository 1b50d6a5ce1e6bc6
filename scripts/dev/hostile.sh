#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/hostile.sh [DRIVER…]
#
# Runs the three functions against clients, name servers and Google services that misbehave (Tests/Kits/hostile), and
# says of each whether they behaved. Exits with 1 if one did not.
#
#   DRIVER   one of Tests/Kits/hostile/README.md, as slow-resolver; default: all, about ten minutes
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

main() {
  case "${1:-}" in
    -h | --help) print_usage "$0"; exit 0 ;;
    -*) die "unknown argument '$1': see --help" ;;
  esac
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}" python3 openssl gcc libc6-dev
  (install_packages libfaketime) || say 'libfaketime could not be installed'
  build_release
  PYTHONPATH="$ROOT/Tests/Kits" PYTHONDONTWRITEBYTECODE=1 python3 -m hostile --binaries "$BIN" "$@"
}

main "$@"
