#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034  # its variables are for infra/lib/cloud.sh
# What Google's refusals mean: "later", which is waited for, or "no". Sourced.

# How long something counts as new in the cloud, in seconds: longer than Google takes to tell itself of it.
readonly NEW_FOR=900

# later OUT ATTEMPT: whether the answer in OUT only means that it is too early; sets PAUSE and LIMIT, in seconds, and
# REASON. What is new is asked of the cloud, not of this run: so a run that goes on for another one waits as long.
later() {
  LIMIT=0
  if is_hiccup "$1"; then
    PAUSE=$(($2 * 2)) LIMIT=30 REASON='Google is away for a moment'
  elif is_busy "$1"; then
    PAUSE=15 LIMIT=180 REASON='Google takes no more calls of this project in this minute'
  elif is_collision "$1"; then
    PAUSE=$(($2 * 3)) LIMIT=90 REASON='somebody else changes the same thing'
  elif is_not_ready "$1"; then
    PAUSE=5 LIMIT=180 REASON='what this is built on is not ready'
  elif [[ -n $DRY_RUN ]]; then
    return 1
  elif is_metric_unknown "$1"; then
    PAUSE=15 LIMIT=600 REASON='Cloud Monitoring has not heard of the new metric'
  elif is_account_unknown "$1"; then
    PAUSE=15 LIMIT=300 REASON='Google has not heard everywhere of a new account'
  elif is_api_off "$1" && is_api_on "$1"; then
    PAUSE=15 LIMIT=300 REASON='Google has not heard everywhere that the API is on'
  elif is_grant_unknown "$1" && is_something_new; then
    PAUSE=15 LIMIT=300 REASON='a new account or grant is not known everywhere'
  fi
  [[ $LIMIT -gt 0 ]]
}

is_hiccup() { grep -qiE '(HTTPError|HTTP|status|code|error|response)[^0-9a-z]{1,8}50[0234]([^0-9]|$)|UNAVAILABLE|backend ?error|internal error' "$1"; }
is_busy() { grep -qiE 'RESOURCE_EXHAUSTED|(HTTPError|HTTP|status|code|error|response)[^0-9a-z]{1,8}429([^0-9]|$)|rateLimitExceeded|too many requests|quota exceeded for quota metric' "$1"; }
is_collision() { grep -qiE 'concurrent policy changes|ABORTED|version changed|conditionNotMet|Invalid fingerprint|operation .* in progress' "$1"; }
is_not_ready() { grep -qiE 'is not ready|resourceNotReady' "$1"; }
is_metric_unknown() { grep -qF 'Cannot find metric(s) that match type' "$1"; }
is_account_unknown() { grep -qiE 'service account .*does not exist|NOT_FOUND: .*serviceaccount' "$1" && ! grep -qi 'may not exist' "$1"; }
is_there_already() { grep -qiE 'already exists|ALREADY_EXISTS' "$1"; }
is_refused() { grep -qiE 'PERMISSION_DENIED|(does not|doesn.t) have ([^ ]+ )?(permission|access)|Permission .* denied|(HTTPError|HTTP|status|code|error|response)[^0-9a-z]{1,8}403([^0-9]|$)|forbidden|access denied|Required .* permission' "$1"; }
is_api_off() { grep -qiE 'SERVICE_DISABLED|has not been used in project|is not enabled' "$1"; }
# Neither names a permission that could be missing for good, but that of using the account.
is_grant_unknown() { grep -qiE 'The caller does not have permission|serviceaccounts.actas' "$1"; }

is_absent() {
  if is_api_off "$1"; then [[ -n $DRY_RUN || -n ${UNDO:-} ]]; return; fi
  ! is_refused "$1" && grep -qiE 'NOT_FOUND|not found|HTTPError 404|does not exist' "$1"
}

# api_of OUT: the API that it says is off.
api_of() { grep -oE '[a-z0-9]+\.googleapis\.com' "$1" | head -n 1; }

# is_api_on OUT: whether the API that the answer says is off was turned on, so that it will be.
is_api_on() {
  local enabled api
  api="$(api_of "$1")"
  enabled="$(gcloud services list --enabled "--project=$PROJECT" --format='value(config.name)' 2>/dev/null </dev/null)" || return 1
  has "$enabled" "$api"
}

# is_something_new: whether one of our accounts was made, or a dataset's policy written, in the last minutes.
is_something_new() {
  local now made
  now="$(date -u +%s)"
  for made in $(gcloud iam service-accounts list "--project=$PROJECT" --format='value(description)' 2>/dev/null </dev/null |
    sed -n "s/^pipeline=$PREFIX made=\([0-9]*\)\$/\1/p") $(datasets_changed); do
    [[ $((now - made)) -ge $NEW_FOR ]] || return 0
  done
  return 1
}

# datasets_changed: when each was last changed, in seconds. Quietly: it is asked after another call has failed.
datasets_changed() {
  local name
  for name in "$DATASET" "$OPS_DATASET"; do
    curl -sS --max-time 20 -H @<(token_header) "https://bigquery.googleapis.com/bigquery/v2/projects/$PROJECT/datasets/$name" 2>/dev/null |
      jq -r '.lastModifiedTime // empty | .[0:-3]' 2>/dev/null || true
  done
}
