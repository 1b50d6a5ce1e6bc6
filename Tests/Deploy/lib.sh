#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the deployment's tests share. Sourced.
# shellcheck disable=SC2034

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

# Every test has its help at its top.
case "${1:-}" in -h | --help) print_usage "$0"; exit 0 ;; esac

# fakegcp runs a command against an offline Google Cloud with the real gcloud and bq.
FAKEGCP="$ROOT/Tests/Kits/fakegcp/fakegcp"
# shellcheck source=Tests/Kits/fakegcp/descriptions.sh
source "$ROOT/Tests/Kits/fakegcp/descriptions.sh"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT
export SKIP_IMAGE_BUILD=1

# can_deploy: whether what the tests need is here; if not, says what is missing.
can_deploy() {
  local program
  for program in gcloud bq jq openssl python3; do
    command -v "$program" >/dev/null || { say "SKIPPED: $program is not installed"; return 1; }
  done
  find_descriptions
}

# config NAME LINE…: a configuration that is the example with these lines; prints its file.
config() {
  local file="$WORK/$1.sh" line
  cp "$ROOT/infra/config.example.sh" "$file"
  # A commit in the middle of a run would be another tag.
  for line in IMAGE_TAG=test "${@:2}"; do sed -i "s|^${line%%=*}=.*|$line|" "$file"; done
  printf '%s' "$file"
}

# The lines of the road table in infra/README.md.
road_config() {
  case "$1" in
    service-log) config "$1" ROAD=service DOMAIN=track.example.com ALERT_EMAIL=ops@example.com ;;
    service-publish) config "$1" ROAD=service INGEST_MODE=publish ;;
    bucket) config "$1" ROAD=bucket 'TEMPLATE_SUFFIX=_{bucket:user_id:16}_{date}' ;;
    direct) config "$1" ROAD=direct ;;
  esac
}

# fake NAME OPTION…: fakegcp with the state NAME.
fake() { "$FAKEGCP" --quiet --project my-project --state "$WORK/$1" --log "$WORK/$1.requests" "${@:2}"; }

# check SENTENCE COMMAND…: says whether it holds; with all it printed if not.
check() {
  local sentence="$1" began=$SECONDS output
  shift
  output="$(mktemp "$WORK/XXXXXX")"
  if "$@" >"$output" 2>&1; then
    say "  $sentence ($((SECONDS - began)) s)"
  else
    say "  FAILED: $sentence"
    say "    $*"
    tail -n 40 "$output" | sed 's/^/    /' >&2
    return 1
  fi
}

# fails_with TEXT COMMAND…: the command fails, and says that.
fails_with() {
  local text="$1" said
  shift
  if said="$("$@" 2>&1)"; then printf 'it did not fail:\n%s\n' "$said"; return 1; fi
  [[ $said == *"$text"* ]] || { printf 'it did not say "%s" but:\n%s\n' "$text" "$said"; return 1; }
}

# prints TEXT COMMAND…: the command works, and says that.
prints() {
  local said code=0
  said="$("${@:2}" 2>&1)" || code=$?
  [[ $code -eq 0 && $said == *"$1"* ]] || { printf 'exit code %s:\n%s\n' "$code" "$said"; return 1; }
}
