#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/tables.sh COMMAND --project P [OPTION…]
#
# Looks after the tables that the pipeline writes: docs are in infra/tables.md.
#
#   list         suffix tables with rows and bytes; warns from 800 on
#   view         makes or updates the view events and the table function events_between
#   add-columns  adds the contract's new columns to the template and to all suffix tables
#   expire       says how long tables are kept
#   move         moves old suffix tables into one partitioned table; --drop drops what has been moved
#
#   --project P      Google Cloud project; your gcloud credentials are used
#   --dataset D      dataset with the tables (pixel)
#   --table T        the template table (pixel)
#   --suffix S       the loader's TEMPLATE_SUFFIX (_{user_id}_{date})
#   --endpoint URL   a stand-in on this machine instead of Google
#   --dry-run        only prints what would be done
#
# scripts/tables.sh COMMAND --help shows the rest. Each command can be run again.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

main() {
  case "${1:-}" in
    list | view | add-columns | expire | move) ;;
    -h | --help) print_usage "$0"; exit 0 ;;
    '') die 'which command? See --help' ;;
    *) die "unknown command '$1': see --help" ;;
  esac
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}"
  swift build --package-path "$ROOT" -c release --product pixel 2>&1 | build_errors_only >&2
  BIN="$(swift build --package-path "$ROOT" -c release --show-bin-path)"
  cd "$ROOT"  # the contract's default path is relative to it
  exec "$BIN/pixel" tables "$@"
}

main "$@"
