# A monthly budget of this project, if the configuration names a billing account.
# shellcheck shell=bash

part_budget() {
  [[ -n $BILLING_ACCOUNT ]] || return 0
  local is name="$PREFIX pipeline in $PROJECT"
  is="$(find_budget)"
  if [[ -z $is ]]; then
    run gcloud billing budgets create "--billing-account=$BILLING_ACCOUNT" "--display-name=$name" \
      "--budget-amount=$BUDGET" "--filter-projects=projects/$PROJECT" --threshold-rule=percent=0.5 \
      --threshold-rule=percent=0.9 --threshold-rule=percent=1.0
  elif [[ ${is#* } != "$BUDGET" ]]; then
    run gcloud billing budgets update "${is% *}" "--billing-account=$BILLING_ACCOUNT" "--budget-amount=$BUDGET"
  fi
}

# find_budget: its name and amount.
find_budget() {
  look gcloud billing budgets list "--billing-account=$BILLING_ACCOUNT" \
    --format='value[separator="|"](displayName,name,amount.specifiedAmount.units)' |
    awk -F'|' -v name="$PREFIX pipeline in $PROJECT" '$1 == name { print $2, $3; exit }'
}

undo_budget() {
  [[ -n $BILLING_ACCOUNT ]] || return 0
  local is
  is="$(find_budget)"
  [[ -z $is ]] || run gcloud billing budgets delete "${is% *}" "--billing-account=$BILLING_ACCOUNT"
}
