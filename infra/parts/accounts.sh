# SPDX-License-Identifier: MIT
# One service account for each stage, one that pushes, and Pub/Sub's own.
# shellcheck shell=bash

part_accounts() {
  local account missing=()
  for account in $(stage_accounts); do
    is_there accounts "$account" || missing+=("$account")
  done
  if [[ ${#missing[@]} -gt 0 ]]; then
    # Google makes it when it first needs it, which is later than its first grant.
    aside make_agent
    for account in "${missing[@]}"; do
      # When it was made: for some minutes not all of Google knows of it.
      aside run gcloud iam service-accounts create "${account%%@*}" \
        "--display-name=Pixel pipeline: $(account_purpose "$account")" "--description=$(account_description)"
    done
    together
    relist accounts
  fi
  # An agent that was made on request has no role by itself. Without this one nothing is ever delivered, and nothing says so.
  grant 'iam service-accounts' "$PUSH_ACCOUNT" "$PUBSUB_AGENT" roles/iam.serviceAccountTokenCreator
}

account_description() { printf 'pipeline=%s made=%s' "$PREFIX" "$(date -u +%s)"; }

# gcloud 528 crashes while it waits for what it has asked for; that it has asked is enough.
make_agent() {
  TOLERATED='check_initialized' run gcloud beta services identity create --service=pubsub.googleapis.com
}

stage_accounts() {
  [[ $ROAD == bucket ]] || echo "$INGEST_ACCOUNT"
  printf '%s\n' "$PARSE_ACCOUNT" "$LOADER_ACCOUNT" "$PUSH_ACCOUNT"
}

account_purpose() {
  case "$1" in
    "$INGEST_ACCOUNT") echo 'serves the pixel' ;;
    "$PARSE_ACCOUNT") echo 'turns log entries into events' ;;
    "$LOADER_ACCOUNT") echo 'writes rows' ;;
    *) echo 'delivers pushes' ;;
  esac
}

# describe_accounts: those of an earlier version get their description when all else has its label.
describe_accounts() {
  local account
  is_earlier || return 0
  for account in $(stage_accounts); do
    [[ $(found accounts "$account") != "$account||"* ]] ||
      aside run gcloud iam service-accounts update "$account" "--description=pipeline=$PREFIX made=0"
  done
  together
}

undo_accounts() {
  local account line
  for account in "$INGEST_ACCOUNT" "$PARSE_ACCOUNT" "$LOADER_ACCOUNT" "$PUSH_ACCOUNT"; do
    line="$(found accounts "$account")"
    [[ -n $line ]] || continue
    spare Account "$account" "$(owner "$line")" || aside run gcloud iam service-accounts delete "$account"
  done
  together
}
