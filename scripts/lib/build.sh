#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Building with SwiftPM: progress while it lasts, and a clone that was moved. Sourced by lib.sh.
# shellcheck disable=SC2034  # BIN is for whoever sources it

# build_release: builds everything with optimisation. BIN is where the programs are then; PIXEL_BINARIES says that
# they are there already.
build_release() { build_products everything; }

# build_products PRODUCT…: the same for these alone.
build_products() {
  BIN="${PIXEL_BINARIES:-$ROOT/.build/release}"
  [[ -z ${PIXEL_BINARIES:-} ]] || return 0
  forget_foreign_build "$ROOT/.build"
  if [[ -e $ROOT/.build/release ]]; then
    say 'Building (release)'
  else
    say 'Building (release): the first time takes a minute or more'
  fi
  mkdir -p "$ROOT/.build"
  local product log="$ROOT/.build/build.log"
  : >"$log"
  if [[ $1 == everything ]]; then
    swift_build "$log"
  else
    for product in "$@"; do swift_build "$log" --product "$product"; done
  fi
}

# swift_build LOG ARGUMENT…: with progress, and what is wrong if it fails.
swift_build() {
  local log="$1"
  shift
  swift build --package-path "$ROOT" -c release "$@" 2>&1 | tee -a "$log" | show_progress && return 0
  # No line says what is wrong: a compiler that was killed, a full disk.
  grep -qE '(error|warning):' "$log" || tail -n 20 "$log" >&2
  die "the build failed: all that it said is in $log"
}

# Shows what a person needs of a build: what is wrong, the last line, and how far it is: at the end of a
# terminal's line each second, else every ten seconds.
show_progress() {
  local line step='starting' began=$SECONDS told=$SECONDS width=$((${COLUMNS:-80} - 1)) clear='' state=0
  [[ ! -t 2 ]] || clear=$'\r\e[K'
  while true; do
    if IFS= read -r -t 1 line; then
      case "$line" in
        *error:* | *warning:* | 'Build complete'* | 'Build of '*) say "$clear$line" ;;
        '['*'] Compiling'* | '['*'] Linking'* | Fetch* | Creating* | Comput* | Working*) step="$line" ;;
      esac
    else
      state=$?
      [[ $state -gt 128 ]] || break
    fi
    line="$step ($((SECONDS - began)) s)"
    if [[ -n $clear ]]; then
      printf '%s%s' "$clear" "${line:0:width}" >&2
    elif [[ $((SECONDS - told)) -ge 10 ]]; then
      told=$SECONDS
      say "$line"
    fi
  done
  printf '%s' "$clear" >&2
}

# Shows of a build what is wrong, and its last line.
build_errors_only() { grep -E 'error|warning|^Build complete' || true; }

# forget_foreign_build FOLDER: what a build has made knows its own place, and fails anywhere else ("compiled with
# module cache path …"). A clone that was moved, copied or mounted loses it; what was downloaded stays.
forget_foreign_build() {
  local folder="$1" place
  place="$(build_place "$folder")"
  [[ -n $place && $place != "$(realpath -m "$folder")" ]] || return 0
  say "$folder was made as $place: what was built there is removed, since it works only there."
  find "$folder" -mindepth 1 -maxdepth 1 \
    \( -name '*.yaml' -o -name '*-linux-*' -o -name '*-apple-*' -o -name debug -o -name release \
    -o -name plugins -o -name 'build.db*' \) -exec rm -rf {} + ||
    die "$folder can't be emptied: remove it (rm -rf), then run this again"
}

# The folder as the build's own plan names it, or nothing.
build_place() {
  local plan name
  name="$(basename "$1")"
  for plan in "$1"/*.yaml; do
    [[ -r $plan ]] || continue
    grep -m 1 -oE "\"/[^\"]*/$name/" "$plan" | head -n 1 | sed 's/^"//; s,/$,,' && return 0
  done
}
