#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What deploy, teardown, status and the others have in common. Sourced, after scripts/lib.sh.

# The parts in the order of a deployment: subscriptions before the sink, the sink before the load balancer,
# so that no hit arrives before everything behind it is there.
readonly PARTS=(
  apis accounts secrets topics tables views archive images services subscriptions weekly sink bucket balancer leftovers alerts watch budget
)

# shellcheck source=infra/lib/settings.sh
source "$ROOT/infra/lib/settings.sh"
# shellcheck source=infra/lib/names.sh
source "$ROOT/infra/lib/names.sh"
# shellcheck source=infra/lib/cloud.sh
source "$ROOT/infra/lib/cloud.sh"
# shellcheck source=infra/lib/patience.sh
source "$ROOT/infra/lib/patience.sh"
# shellcheck source=infra/lib/refusals.sh
source "$ROOT/infra/lib/refusals.sh"
# shellcheck source=infra/lib/ownership.sh
source "$ROOT/infra/lib/ownership.sh"
# shellcheck source=infra/lib/subscription.sh
source "$ROOT/infra/lib/subscription.sh"
# shellcheck source=infra/lib/bigquery.sh
source "$ROOT/infra/lib/bigquery.sh"
# shellcheck source=infra/lib/buckets.sh
source "$ROOT/infra/lib/buckets.sh"
# shellcheck source=infra/lib/monitoring.sh
source "$ROOT/infra/lib/monitoring.sh"
# shellcheck source=infra/lib/compute.sh
source "$ROOT/infra/lib/compute.sh"
# shellcheck source=infra/lib/balancer-down.sh
source "$ROOT/infra/lib/balancer-down.sh"

# load_parts: part_NAME and undo_NAME for each.
load_parts() {
  local part
  for part in "${PARTS[@]}"; do
    # shellcheck source=/dev/null
    source "$ROOT/infra/parts/$part.sh"
  done
}

is_part() { [[ " ${PARTS[*]} " == *" $1 "* ]]; }

# Each part's first line says what it makes.
list_parts() {
  local part
  for part in "${PARTS[@]}"; do
    printf '  %-14s %s\n' "$part" "$(sed -n '/SPDX/d; s/^# //p; q' "$ROOT/infra/parts/$part.sh")"
  done
}
