#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/refusals.sh
#
# Google's refusals at their own parts, with the real gcloud and bq: what only means "not yet" is waited for, also by a run
# that goes on for another one; what is for good stops with its name. No second is slept.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

deploy=("$ROOT/scripts/deploy.sh")

# A sleep that only counts.
make_sleep() {
  mkdir -p "$WORK/bin"
  # shellcheck disable=SC2016  # another shell's dollar
  printf '#!/bin/sh\necho "$1" >>"%s/slept"\n' "$WORK" >"$WORK/bin/sleep"
  chmod +x "$WORK/bin/sleep"
  PATH="$WORK/bin:$PATH"
}

# once PART METHOD CODE MESSAGE: refused twice, waited for, done.
once() {
  check "$1: '${4:0:60}…' is waited for" waits "$@"
}

waits() {
  local said
  : >"$WORK/slept"
  said="$(fake refusals --fault "$2=$3:2:$4" -- "${deploy[@]}" "$1" 2>&1)" || { printf '%s\n' "$said"; return 1; }
  [[ $said == *'waiting: '* && $(wc -l <"$WORK/slept") -ge 2 ]] || { printf 'it did not wait:\n%s\n' "$said"; return 1; }
}

# ever PART METHOD CODE MESSAGE SAYS: refused for ever, stops, and says that; in a state of its own.
ever() {
  rm -rf "$WORK/ever"
  cp -r "$WORK/refusals" "$WORK/ever"
  check "$1: '${4:0:60}…' for good is named" fails_with "$5" fake ever --fault "$2=$3:999:$4" -- "${deploy[@]}" "$1"
}

main() {
  can_deploy || return 0
  make_sleep
  local account=pixel-parse@my-project.iam.gserviceaccount.com
  local act_as="Permission 'iam.serviceaccounts.actAs' denied on service account $account (or it may not exist)."
  local metric='Cannot find metric(s) that match type = "logging.googleapis.com/user/pixel-rejections". If a metric was created recently, it could take up to 10 minutes for the metric to become available. Please try again soon.'
  export CONFIG
  CONFIG="$(config refusals ROAD=direct)"
  check 'what comes first is there' fake refusals -- "${deploy[@]}" apis accounts
  ever topics 'pubsub.projects.topics.create' 403 "Permission 'pubsub.topics.create' denied on resource (or it may not exist)." 'role Pub/Sub Admin'
  once topics 'pubsub.projects.topics.setIamPolicy' 400 "Service account $account does not exist."
  once tables 'bigquery.datasets.patch' 400 "Service account pixel-loader@my-project.iam.gserviceaccount.com does not exist"
  ever archive 'pubsub.projects.subscriptions.create' 403 "Permission 'pubsub.subscriptions.create' denied" 'role Pub/Sub Admin'
  once archive 'pubsub.projects.subscriptions.create' 403 'The caller does not have permission'
  ever services 'run.namespaces.services.create' 403 "$act_as" 'role Service Account User'
  once services 'run.namespaces.services.create' 403 "$act_as"
  once subscriptions 'pubsub.projects.subscriptions.create' 429 "Quota exceeded for quota metric 'Administrator operations'"
  once sink 'pubsub.projects.topics.setIamPolicy' 409 'ABORTED: There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.'
  ever alerts 'monitoring.projects.alertPolicies.create' 404 "$metric" 'ten minutes'
  once alerts 'monitoring.projects.alertPolicies.create' 404 "$metric"
  check 'the metric is waited for ten minutes' [ "$(awk '{ sum += $1 } END { print sum }' "$WORK/slept")" -le 600 ]
  CONFIG="$(config bucket ROAD=bucket)"
  ever bucket 'storage.buckets.setIamPolicy' 412 \
    'The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced.' invoker-iam-disabled
  ever apis 'cloudresourcemanager.projects.get' 403 \
    'cloudresourcemanager.googleapis.com API has not been used in project 123456789012 before or it is disabled. SERVICE_DISABLED' 'as an owner, once'
}

main "$@"
