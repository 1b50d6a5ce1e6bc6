# SPDX-License-Identifier: MIT
# A monthly budget of this project, if the configuration names a billing account.
# shellcheck shell=bash

part_budget() {
  [[ -n $BILLING_ACCOUNT ]] || return 0
  local is mail=()
  is="$(find_budget)"
  # The same channel that the alerts have.
  [[ -z $ALERT_EMAIL ]] || mail=("--notifications-rule-monitoring-notification-channels=$(channel_name)")
  [[ ${mail[0]:-} != *= ]] || mail=()
  if [[ -e $SCRATCH/no-budgets ]]; then
    :
  elif [[ -z $is ]]; then
    budgets would create "--display-name=$(budget_name)" "--budget-amount=$BUDGET" "--filter-projects=projects/$PROJECT" \
      --threshold-rule=percent=0.5 --threshold-rule=percent=0.9 --threshold-rule=percent=1.0 \
      ${mail[@]+"${mail[@]}"}
  elif [[ $(cut -d ' ' -f 2 <<<"$is") != "$BUDGET" ]]; then
    budgets would update "${is%% *}" "--budget-amount=$BUDGET"
  elif [[ ${#mail[@]} -gt 0 && ${mail[0]#*=} != "$(cut -d ' ' -f 3 <<<"$is")" ]]; then
    budgets would update "${is%% *}" "${mail[0]}"
  fi
  [[ ! -e $SCRATCH/no-budgets ]] || printf '  %s\n' "No budget is set: your account may not do that on $BILLING_ACCOUNT, \
which takes the role Costs Manager there. All else is deployed."
}

budget_name() { printf '%s pipeline in %s' "$PREFIX" "$PROJECT"; }

# find_budget: its name, amount, and who gets its mails beside the billing account's administrators.
find_budget() {
  budgets look list --format='value[separator="|"](displayName,name,amount.specifiedAmount.units,notificationsRule.monitoringNotificationChannels[0])' |
    awk -F'|' -v name="$(budget_name)" '$1 == name { print $2, $3, $4; exit }'
}

# budgets look|would VERB…: as look and run do, but a refusal is only noted: the billing account is often another
# department's.
budgets() {
  local CALL out="$SCRATCH/budgets"
  with_project gcloud billing budgets "${@:2}" "--billing-account=$BILLING_ACCOUNT" "--billing-project=$PROJECT"
  if [[ $1 == would ]]; then
    printf '  %s%s\n' "${DRY_RUN:+would run: }" "$(shorten "${CALL[@]}")"
    [[ -z $DRY_RUN ]] || return 0
  fi
  if patiently "$out"; then
    [[ $1 == would ]] || cat "$out"
  elif is_api_off "$out" && [[ -n $DRY_RUN || -n ${UNDO:-} ]]; then
    :
  elif is_refused "$out" && ! is_api_off "$out"; then
    : >"$SCRATCH/no-budgets"
  else
    explain "$out"
    exit 1
  fi
}

undo_budget() {
  [[ -n $BILLING_ACCOUNT ]] || return 0
  local is
  is="$(find_budget)"
  [[ -z $is ]] || budgets would delete "${is%% *}"
  [[ ! -e $SCRATCH/no-budgets ]] ||
    printf '  The budget stays, if there is one: your account may not manage those of %s.\n' "$BILLING_ACCOUNT"
}
