#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/bench.sh [--quick] [--json] [--save] [NAME…]
#
# Measures the three programs beside nginx, Go, functions-framework, Foundation, Python and Node, in one run and as
# ratios, and says whether the targets are met.
# Builds what it measures, and gets the peers from Debian and PyPI; a peer that cannot be had is named
# and skipped. Tests/Benchmarks/README.md says how to read the tables.
#
#   NAME      pixel, instructions, handlers, ingest, coldstart, memory, parser, base64, query, service, loader, chain,
#             outage, linear, growth, images, build, budgets; all of them without a name: about half an hour
#   --quick   fewer and shorter rounds; without a name only pixel, coldstart, parser and loader: under two minutes,
#             once everything is built
#   --json    prints JSON instead of tables
#   --save    keeps the tables of a whole run in Tests/Benchmarks/RESULTS.md; with budgets alone the counts as new
#             budgets, with growth alone its chart
#
# Exits with 1 if a target is missed in three quarters of the rounds or more, with 2 if something could
# not be measured.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

readonly BENCHMARKS="$ROOT/Tests/Benchmarks"
readonly WORK="$ROOT/.build-bench"
readonly PEER_PACKAGES=(nginx-light golang-go nodejs python3-venv)
readonly ALL=(
  pixel instructions handlers ingest coldstart memory parser base64 query service loader chain outage linear
  growth images build budgets
)
# What --quick takes without names: under two minutes together.
readonly QUICK=(pixel coldstart parser loader)

ARGUMENTS=()
NAMES=()
MEASURED="$WORK/package/release"

parse_arguments() {
  local save='' quick=''
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --quick) quick=1 ARGUMENTS+=("$1") ;;
      --json) ARGUMENTS+=("$1") ;;
      --save) save=1 ARGUMENTS+=(--save "$BENCHMARKS") ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      -*) die "unknown argument '$1': see --help" ;;
      *) [[ " ${ALL[*]} " == *" $1 "* ]] || die "there is no benchmark '$1': allowed are ${ALL[*]}"
        NAMES+=("$1") ;;
    esac
    shift
  done
  [[ -z $save || (${#NAMES[@]} -eq 0 && -z $quick) || ${NAMES[*]} =~ ^(budgets|growth)$ ]] ||
    die "--save is for a whole run, or for budgets or growth alone: leave out --quick and the other names"
  [[ ${#NAMES[@]} -gt 0 || -z $quick ]] || NAMES=("${QUICK[@]}")
  [[ ${#NAMES[@]} -gt 0 ]] || NAMES=("${ALL[@]}")
}

# Whether one of these is to be run.
wanted() {
  local name
  for name in "$@"; do [[ " ${NAMES[*]} " != *" $name "* ]] || return 0; done
  return 1
}

# The peers are welcome, not needed.
install_peers() {
  local package
  for package in "${PEER_PACKAGES[@]}"; do
    (install_packages "$package") || say "$package could not be installed"
  done
}

# What ships is one static executable; log mode needs no libcurl in it.
build_static() {
  say "Building pixel-ingest (release, static executable)"
  local flags=(-c release --product pixel-ingest --static-swift-stdlib -Xswiftc -static-executable)
  swift build --package-path "$ROOT" --scratch-path "$WORK/static" "${flags[@]}" 2>&1 |
    grep -vF 'in statically linked applications requires at runtime' | build_errors_only ||
    die 'the static executable could not be built'
  # Debug information is left out, as it is of what ships.
  strip -o "$WORK/pixel-ingest" "$WORK/static/release/pixel-ingest"
}

# Our parsers and handlers on their own, and their peers in Swift: Tests/Benchmarks is a package.
build_measured() {
  say 'Building Tests/Benchmarks (release)'
  local flags=(--package-path "$BENCHMARKS" --scratch-path "$WORK/package" -c release)
  swift build "${flags[@]}" 2>&1 | build_errors_only
  MEASURED="$(swift build "${flags[@]}" --show-bin-path)"
}

main() {
  parse_arguments "$@"
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}" python3 valgrind
  ! wanted pixel handlers ingest service loader chain outage growth || install_packages wrk
  ! wanted pixel instructions coldstart memory parser base64 query service loader outage growth || install_peers
  mkdir -p "$WORK"
  # Two at a time would measure each other. What it starts inherits the lock, so it lasts as long as that.
  exec 9>"$WORK/lock"
  flock -n 9 || die 'other benchmarks run here: wait for their end'
  build_release >&2  # tables alone go to stdout
  ! wanted pixel instructions coldstart memory growth || build_static >&2
  ! wanted handlers parser base64 query linear growth budgets || build_measured >&2
  PYTHONPATH="$BENCHMARKS" PYTHONDONTWRITEBYTECODE=1 exec python3 -m bench --work "$WORK" \
    --static "$WORK/pixel-ingest" --binaries "$BIN" --measured "$MEASURED" "${ARGUMENTS[@]}" "${NAMES[@]}"
}

main "$@"
