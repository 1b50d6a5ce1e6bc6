#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/budget.sh
#
# The budget, with the real gcloud: made, changed and removed once each; and whoever may not manage budgets gets one
# sentence, and everything else.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

deploy=("$ROOT/scripts/deploy.sh")
teardown=("$ROOT/scripts/teardown.sh" --yes)

# says TEXT COMMAND…: it works, and says that.
says() {
  local said
  said="$("${@:2}" 2>&1)" || { printf '%s\n' "$said"; return 1; }
  [[ $said == *"$1"* ]] || { printf 'it did not say "%s" but:\n%s\n' "$1" "$said"; return 1; }
}

# asked METHOD FILTER VALUE: what the last request of that method was, by jq.
asked() {
  local is
  is="$(jq -sr --arg method "billingbudgets.billingAccounts.budgets.$1" "map(select(.method == \$method)) | last | $2" \
    "$WORK/budget.requests")"
  [[ $is == "$3" ]] || { printf 'it asked for %s\n' "$is"; return 1; }
}

# refusing METHOD COMMAND…: with that call of the budgets' API refused.
refusing() { fake budget --fault "billingbudgets.billingAccounts.budgets.$1=403" -- "${@:2}" budget; }

main() {
  can_deploy || return 0
  export CONFIG
  local account=BILLING_ACCOUNT=0A0A0A-0B0B0B-0C0C0C
  CONFIG="$(config budget ROAD=direct "$account")"
  check 'its API is among those that are turned on' fake budget -- "${deploy[@]}" apis
  check 'who may not see budgets gets one sentence, and goes on' \
    says 'role Costs Manager there. All else is deployed.' refusing list "${deploy[@]}"
  check 'who may see but not make one, too' says 'role Costs Manager there' refusing create "${deploy[@]}"
  check 'a dry run makes none' fake budget --read-only -- "${deploy[@]}" --dry-run budget
  check 'a budget is made' fake budget -- "${deploy[@]}" budget
  check 'of this project, warning at 50, 90 and 100 %' asked create \
    '.body | "\(.displayName) \(.budgetFilter.projects) \(.amount.specifiedAmount.units) \([.thresholdRules[].thresholdPercent])"' \
    'pixel pipeline in my-project ["projects/my-project"] 50 [0.5,0.9,1]'
  check 'and then nothing more' fake budget --expect-unchanged -- "${deploy[@]}" budget
  CONFIG="$(config budget2 ROAD=direct "$account" BUDGET=75)"
  check 'another amount changes it' fake budget -- "${deploy[@]}" budget
  check 'and nothing else of it' asked patch '"\(.query.updateMask) \(.body.amount.specifiedAmount.units)"' \
    'amount.specifiedAmount 75'
  check 'a teardown that may not remove it says so, and goes on' says 'The budget stays' refusing delete "${teardown[@]}"
  check 'and one that may, does' fake budget --expect-empty -- "${teardown[@]}" budget
}

main "$@"
