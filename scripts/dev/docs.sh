#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/docs.sh [FOLDER]
#
# Makes the documentation of the function runtime (DocC) into FOLDER (.build-docs/site). A symbol that a
# page names and that does not exist is an error.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

main() {
  case "${1:-}" in
    -h | --help) print_usage "$0"; exit 0 ;;
    -*) die "unknown argument '$1': see --help" ;;
  esac
  require_swift
  local scratch="$ROOT/.build-docs" site="${1:-$ROOT/.build-docs/site}"
  local graphs="$scratch/graphs"
  rm -rf "$graphs"
  mkdir -p "$graphs/all" "$graphs/own"
  say "Reading the sources"
  swift build --package-path "$ROOT" --scratch-path "$scratch" --target FunctionRuntime \
    -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc "$graphs/all" 2>&1 |
    build_errors_only
  cp "$graphs"/all/FunctionRuntime*.json "$graphs/own/"
  docc convert "$ROOT/Runtime/FunctionRuntime/FunctionRuntime.docc" \
    --additional-symbol-graph-dir "$graphs/own" --warnings-as-errors \
    --fallback-display-name FunctionRuntime --fallback-bundle-identifier FunctionRuntime \
    --output-path "$site" >/dev/null
  say "The documentation is in $site: docc preview shows it."
}

main "$@"
