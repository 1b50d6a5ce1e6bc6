#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/deploy.sh [--dry-run] [--force] [--traffic N] [PART…]
#
# Creates or updates everything that the pipeline needs in one Google Cloud project, as infra/config.sh says
# (CONFIG=FILE picks another). Running it again changes nothing; a run that stopped goes on where it was.
#
#   --force     writes services, alerts and subscriptions again: puts back what was changed by hand in the console
#   --traffic N new revisions of the services get N percent of the requests, those before them the rest: a canary.
#               scripts/rollback.sh ends it, either way
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
      --traffic) TRAFFIC="${2:-}"; shift ;;
      --list) list_parts; exit 0 ;;
      -h | --help) print_usage "$0"; printf '\nParts:\n'; list_parts; exit 0 ;;
      -*) die "unknown argument '$1': see --help" ;;
      *) is_part "$1" || die "there is no part '$1': see --list"; chosen+=("$1") ;;
    esac
    shift
  done
  [[ -z $TRAFFIC || $TRAFFIC =~ ^([1-9][0-9]?|100)$ ]] || die "--traffic is '$TRAFFIC': allowed are 1 to 100 percent"
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
    [[ $part != apis || ${#chosen[@]} -gt 0 ]] || { claim_everything; part_is_done; }
  done
  [[ -n $DRY_RUN || ${#chosen[@]} -gt 0 ]] || next_steps
}

announce() {
  printf 'Project %s (%s), region %s, road %s%s, as %s\n' "$PROJECT" "$NUMBER" "$REGION" "$ROAD" \
    "$([[ $ROAD != service ]] || printf ' with INGEST_MODE=%s' "$INGEST_MODE")" \
    "$(gcloud config get-value account 2>/dev/null || true)"
  worst_month
}

# worst_month: what a month could cost (scripts/estimate), what bounds it, and what would. Where this machine has no
# Python, gcloud's own is not looked for: the guide has the figures.
worst_month() {
  local limit=()
  [[ -z $RATE_LIMIT ]] || limit=(--rate-limit)
  command -v python3 >/dev/null || { printf 'Worst month: needs python3 to be reckoned; infra/README.md has examples\n'; return 0; }
  PYTHONPATH="$ROOT/scripts" PYTHONDONTWRITEBYTECODE=1 python3 -m estimate --prices "$ROOT/infra/prices.json" --worst 1000 \
    --road "$ROAD" --ingest-mode "$INGEST_MODE" --suffix "$TEMPLATE_SUFFIX" --billing "$BILLING" ${limit[@]+"${limit[@]}"} \
    --instances "$MAX_INSTANCES_INGEST,$MAX_INSTANCES_PARSE,$MAX_INSTANCES_LOADER"
  if [[ -n $RATE_LIMIT ]]; then
    printf '  RATE_LIMIT=%s bounds each address; the budget (%s) only tells.\n' "$RATE_LIMIT" "${BILLING_ACCOUNT:-none}"
  else
    printf '  RATE_LIMIT (ROAD=service) would bound each address; BILLING_ACCOUNT and BUDGET only tell.\n'
  fi
}

# dns_records: what to set where DOMAIN's DNS is.
dns_records() {
  local name
  if [[ $ROAD == direct ]]; then
    printf '\nDNS:    point a CNAME record of %s at ghs.googlehosted.com; the certificate is issued within an hour of it\n' "$DOMAIN"
    return
  fi
  printf '\n'
  for name in ${DOMAIN//,/ }; do
    printf 'DNS:    point an A record of %s at %s, and an AAAA record at %s; the certificate is issued within an hour of it\n' \
      "$name" "$(balancer_address)" "$(look gcloud compute addresses describe "$PREFIX-6" --global --format='value(address)')"
  done
}

next_steps() {
  [[ -z $DOMAIN ]] || dns_records
  printf '\nPixel:  %s%s?type=page_view&user_id=u1\n' "$(pixel_base)" "${PIXEL_PATHS%%,*}"
  printf 'Next:   scripts/send-test.sh sends a hit and waits for its row; scripts/status.sh shows the rest\n'
}

main "$@"
