#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/fuzz.sh [--seconds N] [--seed N] [TARGET…]
#
# Feeds the parsers with inputs that libFuzzer makes up, under Address Sanitizer, and prints how many it
# tried and how many branches they took. Exits with 1 if one crashes, takes too long, or is read in two
# ways.
#
#   --seconds N  how long for each target (default 10)
#   --seed N     the same inputs in the same order (default: others each time)
#   TARGET       head, chunked, envelope, cloudevent, token, entry, query, body (default: all)
#
# It begins with Tests/Fuzz/Corpus and keeps what it learns in .build-fuzz/corpus. An input that fails
# belongs in Tests/Fuzz/Corpus/TARGET, where the tests run it from then on.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

readonly BUILD="$ROOT/.build-fuzz"
readonly TARGETS=(head chunked envelope cloudevent token entry query body)
# Two run at a time: one target takes one core.
readonly AT_ONCE=2

# Whether the toolchain brings what `-sanitize=fuzzer` links.
has_fuzzer() {
  local resources
  resources="$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')"
  [[ -n "$(find -L "$resources/clang" -name 'libclang_rt.fuzzer*' -print -quit 2>/dev/null)" ]]
}

build_fuzzer() {
  local log="$BUILD/build.log"
  mkdir -p "$BUILD"
  FUZZ=1 swift build --package-path "$ROOT" --scratch-path "$BUILD" -c release --sanitize=address \
    -Xswiftc -enable-testing --product Fuzz >"$log" 2>&1 || { cat "$log" >&2; die 'the build failed'; }
  # Flags that override each other would turn the sanitizer off without a word.
  grep -qs __asan_report_load "$BUILD/release/Bytes.build/"*.o ||
    die 'the parsers were built without Address Sanitizer'
}

# Its arguments are the fuzzer's own, so that a finding can be repeated with the command that is printed.
fuzzer() {
  # Without the variable a crash waits for Swift's own backtracer.
  SWIFT_BACKTRACE=enable=no "$BUILD/release/Fuzz" "$@"
}

# fuzz SECONDS SEED TARGET: one run, its output in a file.
fuzz() {
  local seconds="$1" seed="$2" target="$3"
  mkdir -p "$BUILD/corpus/$target" "$BUILD/findings"
  fuzzer "--target=$target" -max_total_time="$seconds" -seed="$seed" -max_len=4096 -timeout=5 -rss_limit_mb=2048 \
    -dict="$ROOT/Tests/Fuzz/Dictionaries/$target.dict" -print_final_stats=1 \
    -artifact_prefix="$BUILD/findings/$target-" \
    "$BUILD/corpus/$target" "$ROOT/Tests/Fuzz/Corpus/$target" >"$BUILD/$target.log" 2>&1
}

# report TARGET: one line about a run; false if it found something.
report() {
  local log="$BUILD/$1.log" input
  if grep -q '^stat::number_of_executed_units' "$log" && ! grep -q 'Test unit written to' "$log"; then
    awk -v target="$1" '
      / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") branches = $(i + 1) }
      /^stat::number_of_executed_units/ { runs = $2 }
      /^Done/ { seconds = $5 }
      END { printf "%-10s %10d inputs %6d branches %5d s\n", target, runs, branches, seconds }' "$log"
    return 0
  fi
  input="$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)"
  say "$1: FOUND"
  grep -E 'Fatal error|ERROR|SUMMARY' "$log" | head -5 >&2 || tail -5 "$log" >&2
  say "  Repeat: SWIFT_BACKTRACE=enable=no $BUILD/release/Fuzz --target=$1 ${input:-(see $log)}"
  return 1
}

fuzz_all() {
  local seconds="$1" seed="$2" target found=0
  shift 2
  for target in "$@"; do
    while (($(jobs -rp | wc -l) >= AT_ONCE)); do wait -n || true; done
    fuzz "$seconds" "$seed" "$target" &
  done
  wait
  for target in "$@"; do report "$target" || found=1; done
  return "$found"
}

main() {
  local seconds=10 seed=0 chosen=()
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --seconds) seconds="${2:-}"; shift ;;
      --seed) seed="${2:-}"; shift ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      -*) die "unknown argument '$1': see --help" ;;
      *)
        [[ " ${TARGETS[*]} " == *" $1 "* ]] || die "unknown target '$1': see --help"
        chosen+=("$1")
        ;;
    esac
    shift || true
  done
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || die "--seconds takes a number of seconds, not '$seconds'"
  [[ $seed =~ ^[0-9]{1,9}$ ]] || die "--seed takes a number, not '$seed'"
  [[ ${#chosen[@]} -gt 0 ]] || chosen=("${TARGETS[@]}")
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}"
  if ! has_fuzzer; then
    say 'SKIPPED fuzzing: this Swift toolchain has no libFuzzer (libclang_rt.fuzzer)'
    exit 0
  fi
  build_fuzzer
  fuzz_all "$seconds" "$seed" "${chosen[@]}"
}

main "$@"
