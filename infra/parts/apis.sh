# SPDX-License-Identifier: MIT
# The Google APIs that the other parts call.
# shellcheck shell=bash

part_apis() {
  local wanted=(pubsub run bigquery logging monitoring iam cloudresourcemanager) missing=() api enabled
  case "$ROAD" in
    service) wanted+=(compute) ;;
    bucket) wanted+=(compute storage) ;;
  esac
  uses_own_registry && wanted+=(artifactregistry)
  [[ -n ${SKIP_IMAGE_BUILD:-} ]] || wanted+=(artifactregistry cloudbuild storage)
  [[ -z $WRITE_KEYS_FILE ]] || wanted+=(secretmanager)
  [[ -z $WEEKLY_REBUILD ]] || wanted+=(artifactregistry cloudbuild storage cloudscheduler)
  [[ -z $KMS_KEY ]] || wanted+=(cloudkms)
  [[ -z $BILLING_ACCOUNT ]] || wanted+=(billingbudgets)
  enabled="$(look gcloud services list --enabled --format='value(config.name)')"
  for api in "${wanted[@]}"; do
    has "$enabled" "$api.googleapis.com" || enabled+=$'\n'"$api.googleapis.com" missing+=("$api.googleapis.com")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  run gcloud services enable "${missing[@]}"
}

# What else the project runs may need them: they stay on.
undo_apis() { :; }
