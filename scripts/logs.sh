#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/logs.sh [--follow] [--since 10m] [--problems] [STAGE…]
#
# What the stages say, oldest first. STAGE: ingest, parse, loader (all).
#
#   --follow      goes on with what comes, until Ctrl-C
#   --since T     from so long ago: 30s, 10m (the default), 2h, 1d
#   --problems    warnings and worse only
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=infra/lib/load.sh
source "$ROOT/infra/lib/load.sh"

SINCE=10m
FOLLOW=''
SEVERITY=DEFAULT
STAGES=()

parse_arguments() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --follow) FOLLOW=1 ;;
      --problems) SEVERITY=WARNING ;;
      --since) [[ -n ${2:-} ]] || die "$1 needs a value: see --help"; SINCE="$2"; shift ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      ingest | parse | loader) STAGES+=("$1") ;;
      pixel-ingest | log-parse | bq-loader) STAGES+=("${1#*-}") ;;
      *) die "unknown argument '$1': see --help" ;;
    esac
    shift
  done
  [[ $SINCE =~ ^[1-9][0-9]{0,4}[smhd]$ ]] || die "--since is '$SINCE': allowed are 30s, 10m, 2h or 1d"
  [[ ${#STAGES[@]} -gt 0 ]] || STAGES=(ingest parse loader)
}

# read_lines FROM: what came later than that, and prints it; sets LAST.
read_lines() {
  local filter lines
  filter="resource.type=\"cloud_run_revision\" AND resource.labels.service_name=($(one_of "${STAGES[@]/#/$PREFIX-}"))"
  filter+=" AND severity>=$SEVERITY AND timestamp>\"$1\""
  # The platform's request logs say less than the stages' own lines, and the fallback lines are hits.
  filter+=' AND NOT log_id("run.googleapis.com/requests") AND NOT labels.pixel="hit"'
  lines="$(look gcloud logging read "$filter" --order=asc --limit=1000 --format=json)"
  jq -r '.[] | [.timestamp[0:23], .resource.labels.service_name, (.severity // "DEFAULT"),
      (.jsonPayload.message // .textPayload // "-"), .jsonPayload.outcome, .jsonPayload.reason, .jsonPayload.detail,
      (.jsonPayload.count | if . then "×\(.)" else null end)] | map(select(. != null)) | join("  ")' <<<"${lines:-[]}"
  LAST="$(jq -r --arg last "$1" '.[-1].timestamp // $last' <<<"${lines:-[]}")"
}

one_of() {
  local text
  text="$(printf '"%s" OR ' "$@")"
  printf '%s' "${text% OR }"
}

seconds() {
  case "$1" in
    *s) echo "${1%s}" ;;
    *m) echo $((${1%m} * 60)) ;;
    *h) echo $((${1%h} * 3600)) ;;
    *d) echo $((${1%d} * 86400)) ;;
  esac
}

main() {
  parse_arguments "$@"
  require_tools gcloud jq
  load_settings
  read_lines "$(time_of $(($(date -u +%s) - $(seconds "$SINCE"))))"
  while [[ -n $FOLLOW ]]; do
    sleep 5
    read_lines "$LAST"
  done
}

main "$@"
