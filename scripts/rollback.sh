#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/rollback.sh [--dry-run] --list|--latest|--to REVISION|--back STAGE…
#
# Says which revision of a service gets the requests: at once, without building or deploying. STAGE: ingest, parse, loader.
#
#   --list          the revisions of each stage, newest first, with their share (all stages, if none is named)
#   --back          all requests to the ready revision before the one that gets most of them now
#   --to REVISION   all requests to that one
#   --latest        all requests to the newest one, and to those that come after it: ends a rollback, or a canary
#   --dry-run       only prints what it would do
#
# What deploy.sh makes afterwards gets no requests until --latest: deploy.sh says so each time. Columns of the contract that
# an older parser does not know are missing from its rows, none is rejected for it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=infra/lib/load.sh
source "$ROOT/infra/lib/load.sh"

WHAT=''
TO=''
STAGES=()

parse_arguments() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --list | --latest | --back) WHAT="${1#--}" ;;
      --to) [[ -n ${2:-} ]] || die "$1 needs a revision: see --help"; WHAT=to TO="$2"; shift ;;
      --dry-run) DRY_RUN=1 ;;
      ingest | parse | loader) STAGES+=("$1") ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      *) die "unknown argument '$1': see --help" ;;
    esac
    shift
  done
  [[ -n $WHAT ]] || die 'what is to be done: --list, --back, --to REVISION or --latest? See --help'
  [[ ${#STAGES[@]} -gt 0 || $WHAT == list ]] || die 'of which stage: ingest, parse or loader?'
  [[ ${#STAGES[@]} -gt 0 ]] || STAGES=(ingest parse loader)
  [[ $WHAT != to || ${#STAGES[@]} -eq 1 ]] || die '--to is for one stage: a revision is of one service'
}

# revisions SERVICE: 'NAME READY MADE' of each, newest first.
revisions() {
  look gcloud run revisions list "--service=$1" "--region=$REGION" --format=json |
    jq -r '.[]? | [.metadata.name, (.status.conditions // [] | map(select(.type == "Ready").status) | first), .metadata.creationTimestamp] |
      join(" ")' | sort -k 3 -r
}

# shares SERVICE: 'REVISION PERCENT' of those that get requests.
shares() {
  look gcloud run services describe "$1" "--region=$REGION" --format=json |
    jq -r '.status.traffic[]? | select((.percent // 0) > 0) | "\(.revisionName) \(.percent)"'
}

list_stage() {
  local name ready made now
  now="$(shares "$1")"
  printf '%s\n' "$1"
  while read -r name ready made; do
    printf '  %-28s %-20s %s%s\n' "$name" "$made" "$([[ $ready == True ]] && echo ready || echo 'not ready')" \
      "$(awk -v name="$name" '$1 == name { sum += $2 } END { if (sum) printf ", %d %% of the requests", sum }' <<<"$now")"
  done < <(revisions "$1")
}

# before SERVICE: the newest ready revision that is older than the one with most requests.
before() {
  local most
  most="$(shares "$1" | sort -k 2 -n -r | sed -n 1p | cut -d ' ' -f 1)"
  revisions "$1" | awk -v most="$most" 'seen && $2 == "True" { print $1; exit } $1 == most { seen = 1 }'
}

turn() {
  local service="$1" target
  case "$WHAT" in
    list) list_stage "$service" ;;
    latest) run gcloud run services update-traffic "$service" "--region=$REGION" --to-latest ;;
    *)
      target="$TO"
      [[ $WHAT == to ]] || target="$(before "$service")"
      [[ -n $target ]] || die "$service has no ready revision before the one that gets the requests"
      run gcloud run services update-traffic "$service" "--region=$REGION" "--to-revisions=$target=100" ;;
  esac
}

main() {
  local stage
  parse_arguments "$@"
  require_tools gcloud jq
  load_settings
  for stage in ${STAGES[@]+"${STAGES[@]}"}; do
    [[ $stage != ingest || $ROAD != bucket ]] || continue
    turn "$PREFIX-$stage"
  done
  part_is_done
}

main "$@"
