# SPDX-License-Identifier: MIT
# One service account for each stage, one that pushes, and Pub/Sub's own.
# shellcheck shell=bash

part_accounts() {
  local there account missing=()
  there="$(look gcloud iam service-accounts list --format='value(email)')"
  for account in $(stage_accounts); do
    has "$there" "$account" || missing+=("$account")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  # Google makes it when it first needs it, which is later than its first grant.
  aside make_agent
  for account in "${missing[@]}"; do
    aside run gcloud iam service-accounts create "${account%%@*}" \
      "--display-name=Pixel pipeline: $(account_purpose "$account")"
  done
  together
  something_is_new
}

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

undo_accounts() {
  local there account
  there="$(look gcloud iam service-accounts list --format='value(email)')"
  for account in "$INGEST_ACCOUNT" "$PARSE_ACCOUNT" "$LOADER_ACCOUNT" "$PUSH_ACCOUNT"; do
    if has "$there" "$account"; then aside run gcloud iam service-accounts delete "$account"; fi
  done
  together
}
