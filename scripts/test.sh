#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/test.sh [--all | --deployment]
#
# The test command: format and shell lint, build with warnings as errors, all tests, the cost estimate's
# examples, a comparison of the scanners with Python and Foundation, one run of the whole pipeline, and a
# deployment to an offline Google Cloud where gcloud is. Installs what it needs from Debian's packages. Less than
# ten minutes on two cores.
#
#   --all         adds the long suites, a minute of fuzzing for each parser, the instruction budgets and, where an
#                 outside fault kit is, its faults; half an hour
#   --deployment  only the deployment's tests, and all of them: calls that fail, changes, images, the guide's
#                 commands; about half an hour
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

# step NAME COMMAND…: says what runs and how long it took.
step() {
  local name="$1" began=$SECONDS
  shift
  say "== $name"
  "$@"
  say "== $name: $((SECONDS - began)) s"
}

lint() {
  swift format lint --strict --recursive \
    "$ROOT/Package.swift" "$ROOT/Runtime" "$ROOT/Functions" "$ROOT/Tests" "$ROOT/scripts"
  (cd "$ROOT" && shellcheck -x scripts/*.sh scripts/dev/*.sh infra/*.sh infra/lib/*.sh infra/images/*.sh infra/parts/*.sh Tests/Deploy/*.sh .ci/run)
}

# Shows suites, failures with their details, what was skipped and why, and what the long tests report.
unit_tests() {
  PIXEL_BINARIES="$BIN" swift test --package-path "$ROOT" --disable-xctest 2>&1 |
    grep -E '^(✘|↳|➜|✔ (Suite|Test run)|[0-9]+ accepted|[a-z]+\.jsonl|all  |The requests)|error:'
}

# With the same seed each time, so that a change is judged by itself; what it would take hours to find is for
# scripts/dev/fuzz.sh --seconds.
fuzz() { "$ROOT/scripts/dev/fuzz.sh" --seed 1 --seconds 60; }

# Some seconds of what takes minutes in full; the same inputs each time.
compare_scanners() {
  "$BIN/differential" "$([[ -n ${PIXEL_TEST_ALL:-} ]] && echo 3000000 || echo 300000)"
}

# Against an offline Google Cloud, where gcloud is: one road, or with --all the three side by side.
deployment() {
  local roads=(direct)
  "$ROOT/Tests/Deploy/settings.sh"
  PIXEL_BINARIES="$BIN" "$ROOT/Tests/Deploy/services.sh"
  "$ROOT/Tests/Deploy/sink.sh"
  [[ -z ${PIXEL_TEST_ALL:-} ]] || roads=(service-log bucket direct)
  "$ROOT/Tests/Deploy/roads.sh" "${roads[@]}"
}

whole_deployment() {
  export PIXEL_BINARIES="$BIN"
  "$ROOT/Tests/Deploy/settings.sh"
  "$ROOT/Tests/Deploy/services.sh"
  "$ROOT/Tests/Deploy/sink.sh"
  "$ROOT/Tests/Deploy/roads.sh" --more --faults service-log bucket direct
  "$ROOT/Tests/Deploy/roads.sh" service-publish
  "$ROOT/Tests/Deploy/changes.sh"
  "$ROOT/Tests/Deploy/growth.sh"
  "$ROOT/Tests/Deploy/budget.sh"
  "$ROOT/Tests/Deploy/redrive.sh"
  "$ROOT/Tests/Deploy/walkthrough.sh"
  "$ROOT/Tests/Deploy/images.sh"
}

main() {
  local only=''
  [[ $# -le 1 ]] || die "too many arguments: see --help"
  case "${1:-}" in
    '') ;;
    --all) export PIXEL_TEST_ALL=1 ;;
    --deployment) only=whole_deployment ;;
    -h | --help) print_usage "$0"; exit 0 ;;
    *) die "unknown argument '$1': see --help" ;;
  esac
  require_swift
  # zlib is for a setting that is off by default; the tests try it.
  install_packages "${SYSTEM_PACKAGES[@]}" zlib1g-dev shellcheck jq python3
  if [[ -n $only ]]; then
    step 'release build' build_release
    step 'deployment' "$only"
    return
  fi
  step 'lint' lint
  step 'release build' build_release
  step 'tests' unit_tests
  step 'cost estimate' python3 -m unittest discover -s "$ROOT/Tests/Estimate"
  step 'verdicts of benchmarks' python3 -m unittest discover -s "$ROOT/Tests/Benchmarks"
  step 'scanners beside Python and Foundation' compare_scanners
  step 'whole pipeline' "$ROOT/scripts/run-local.sh" --check
  step 'deployment' deployment
  if [[ -n ${PIXEL_TEST_ALL:-} ]]; then
    step 'fuzzing' fuzz
    step 'instruction budgets' "$ROOT/scripts/dev/bench.sh" budgets
    step 'faults, at a tenth of the times' "$ROOT/scripts/dev/faults.sh"
  fi
  say 'All passed.'
}

main "$@"
