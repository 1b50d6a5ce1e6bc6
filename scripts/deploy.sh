#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/deploy.sh [--dry-run] [--force] [PART…]
#
# Creates or updates everything that the pipeline needs in one Google Cloud project, as infra/config.sh says
# (CONFIG=FILE picks another). Running it again changes nothing; a run that stopped goes on where it was.
#
#   --force     writes services, alerts and subscriptions again: puts back what was changed by hand in the console
#   --dry-run   looks, and prints what it would do
#   --list      lists the parts
#   PART…       only these, in the order of the list
#
# SKIP_IMAGE_BUILD=1 deploys the images that the configuration names without building any.
# Needs gcloud, bq, curl and jq. infra/README.md walks through it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=infra/lib/load.sh
source "$ROOT/infra/lib/load.sh"

main() {
  local chosen=()
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --dry-run) DRY_RUN=1 ;;
      --force) FORCE=1 ;;
      --list) list_parts; exit 0 ;;
      -h | --help) print_usage "$0"; printf '\nParts:\n'; list_parts; exit 0 ;;
      -*) die "unknown argument '$1': see --help" ;;
      *) is_part "$1" || die "there is no part '$1': see --list"; chosen+=("$1") ;;
    esac
    shift
  done
  require_tools gcloud bq jq curl
  load_settings
  load_parts
  read_project
  announce
  local part
  for part in "${PARTS[@]}"; do
    [[ ${#chosen[@]} -eq 0 || " ${chosen[*]} " == *" $part "* ]] || continue
    PART="$part"
    printf '%s\n' "$part"
    "part_$part"
    part_is_done
  done
  [[ -n $DRY_RUN || ${#chosen[@]} -gt 0 ]] || next_steps
}

announce() {
  printf 'Project %s (%s), region %s, road %s%s, as %s\n' "$PROJECT" "$NUMBER" "$REGION" "$ROAD" \
    "$([[ $ROAD != service ]] || printf ' with INGEST_MODE=%s' "$INGEST_MODE")" \
    "$(gcloud config get-value account 2>/dev/null || true)"
  worst_month
}

# worst_month: instances that are busy all month, at Cloud Run's list price of a vCPU and its memory
# (infra/prices.json). Requests, traffic and storage come on top.
worst_month() {
  local ingest="$MAX_INSTANCES_INGEST" cpu memory
  [[ $ROAD != bucket ]] || ingest=0
  read -r cpu memory < <(jq -r '.cloud_run | "\(.vcpu_second) \(.gib_second)"' "$ROOT/infra/prices.json")
  awk -v cpu="$cpu" -v memory="$memory" -v ingest="$ingest" \
    -v others=$((MAX_INSTANCES_PARSE + MAX_INSTANCES_LOADER)) 'BEGIN {
    second = 30 * 86400
    printf "Worst month that the instance limits allow: %d instances always busy, %d USD\n",
      ingest + others, second * (ingest * (cpu + memory / 8) + others * (cpu + memory / 4)) + 0.5 }'
}

next_steps() {
  [[ -z $DOMAIN ]] ||
    printf '\nDNS:    point an A record of %s at %s; the certificate is issued within an hour of it\n' \
      "$DOMAIN" "$(balancer_address)"
  printf '\nPixel:  %s%s?type=page_view&user_id=u1\n' "$(pixel_base)" "${PIXEL_PATHS%%,*}"
  printf 'Next:   scripts/send-test.sh sends a hit and waits for its row; scripts/status.sh shows the rest\n'
}

main "$@"
