#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/teardown.sh [--dry-run] [--yes] [--keep-data] [PART…]
#
# Removes what scripts/deploy.sh has made, the log sink first. Google's APIs stay on.
#
#   --dry-run    looks, and prints what it would remove
#   --yes        does not ask
#   --keep-data  keeps both BigQuery datasets
#   PART…        only these parts (scripts/deploy.sh --list)
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=infra/lib/load.sh
source "$ROOT/infra/lib/load.sh"

# The sink first, so that nothing new comes in; then what serves; accounts when nothing runs as them.
readonly ORDER=(
  sink budget watch alerts balancer bucket subscriptions archive weekly services leftovers topics views tables images secrets accounts apis
)
UNDO=1
KEEP_DATA=''
YES=''
# The parts to take down; none: all.
CHOSEN=()

main() {
  local part
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --dry-run) DRY_RUN=1 ;;
      --yes) YES=1 ;;
      --keep-data) KEEP_DATA=1 ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      -*) die "unknown argument '$1': see --help" ;;
      *) is_part "$1" || die "there is no part '$1': see scripts/deploy.sh --list"; CHOSEN+=("$1") ;;
    esac
    shift
  done
  require_tools gcloud bq jq curl
  load_settings
  load_parts
  read_project
  announce
  [[ -n $YES || -n $DRY_RUN ]] || ask
  for part in "${ORDER[@]}"; do
    goes "$part" || continue
    PART="$part"
    printf '%s\n' "$part"
    "undo_$part"
    part_is_done
  done
}

goes() { [[ ${#CHOSEN[@]} -eq 0 || " ${CHOSEN[*]} " == *" $1 "* ]]; }

announce() {
  local datasets=() waiting
  ! goes tables || datasets+=("$DATASET")
  ! goes archive || datasets+=("$OPS_DATASET")
  printf 'Takes down %s of %s (%s), region %s.' "${CHOSEN[*]:-everything}" "$PROJECT" "$NUMBER" "$REGION"
  case "${#datasets[@]}${KEEP_DATA:+ kept}" in
    2) printf ' The datasets %s and %s go, with every row.' "${datasets[@]}" ;;
    1) printf ' The dataset %s goes, with every row.' "${datasets[@]}" ;;
    '2 kept') printf ' The datasets %s and %s stay.' "${datasets[@]}" ;;
    '1 kept') printf ' The dataset %s stays.' "${datasets[@]}" ;;
  esac
  printf '\n'
  waiting="$(undelivered)"
  [[ -z $waiting ]] || printf 'Messages that no stage has taken yet, and that are lost with it:\n%s\n' "$waiting"
}

# undelivered: subscriptions that hold messages and go, and how many.
undelivered() {
  local gone=()
  ! goes subscriptions || gone+=("$LOGS_PUSH" "$EVENTS_PUSH" "$DEAD_HOLD")
  ! goes archive || gone+=("$RAW_ARCHIVE" "$REJECTED_ARCHIVE")
  [[ ${#gone[@]} -gt 0 ]] || return 0
  time_series pubsub.googleapis.com/subscription/num_undelivered_messages |
    jq -r '.timeSeries[]? | select(.resource.labels.subscription_id | IN($ARGS.positional[])) |
      select(.points[0].value.int64Value != "0") |
      "  \(.resource.labels.subscription_id): \(.points[0].value.int64Value)"' --args "${gone[@]}"
}

ask() {
  local answer
  [[ -t 0 ]] || die 'asks for a confirmation, and there is nobody to ask: use --yes'
  read -r -p "Type the project's ID to go on: " answer
  [[ $answer == "$PROJECT" ]] || die "'$answer' is not $PROJECT: nothing was removed"
}

main "$@"
