#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Refusals for good, by name: the role that is missing, the organization policy, the API that is off. Sourced.

# explain OUT: why CALL failed, and what to do. Once: whoever is above only ends.
explain() {
  : >"$SCRATCH/explained"
  {
    printf '\n%s stopped%s: this call failed:\n  %s\n' "$(basename "$0")" "${PART:+ in part $PART}" "${CALL[*]}"
    sed -n '1,12s/^/    /p' "$1"
    advice "$1"
    printf 'What is done stays. Run the same command again when this is put right: it goes on from here.\n'
  } >&2
}

# advice OUT: one sentence, if there is one to give.
advice() {
  local policy
  policy="$(policy_of "$1")"
  if [[ -n $policy ]]; then
    printf 'The organization policy %s does not allow it. %s\n' "$policy" "$(way_round "$policy")"
  elif is_api_off "$1"; then
    api_advice "$(api_of "$1")"
  elif is_metric_unknown "$1"; then
    printf 'Cloud Monitoring may take ten minutes to hear of a new metric: run scripts/deploy.sh alerts later.\n'
  elif is_refused "$1" || is_grant_unknown "$1"; then
    printf 'The account that gcloud uses lacks the role %s on the project%s: infra/README.md lists the roles that deploying needs.\n' \
      "$(role_of "$1")" "$(permission_of "$1" | sed 's/^./ (permission &/; s/$/)/')"
  elif ! is_hiccup "$1"; then
    # gcloud does not always say that it was a refusal.
    printf 'If the account that gcloud uses may not do this, it lacks the role %s: infra/README.md lists the roles that deploying needs.\n' \
      "$(role_of "$1")"
  fi
}

# policy_of OUT: the organization policy that an answer names, or means.
policy_of() {
  local named
  named="$(grep -oE 'constraints/[A-Za-z]+(\.[A-Za-z]+)+' "$1" | head -n 1)"
  if [[ -n $named ]]; then
    printf '%s' "$named"
  elif grep -qi 'not belong to a permitted customer' "$1"; then
    printf 'constraints/iam.allowedPolicyMemberDomains'
  elif grep -qi 'public access prevention is enforced' "$1"; then
    printf 'constraints/storage.publicAccessPrevention'
  fi
}

# way_round POLICY: what can be done without it being changed, or what to ask for.
way_round() {
  case "$1" in
    *allowedPolicyMemberDomains | *publicAccessPrevention)
      printf 'ROAD=service and ROAD=direct need no public bucket and no allUsers (their service has run.googleapis.com/invoker-iam-disabled); for ROAD=bucket ask the organization'\''s administrator for an exception for project %s.' "$PROJECT" ;;
    *requireInvokerIam)
      printf 'The pixel'\''s service has to be open without a token: ask for an exception for project %s, or take ROAD=bucket.' "$PROJECT" ;;
    *resourceLocations)
      printf 'Choose REGION and BIGQUERY_LOCATION among the places that it allows.' ;;
    *restrictNonCmekServices)
      printf 'Set KMS_KEY to a key of Cloud KMS in REGION.' ;;
    *LoadBalancer* | *LoadBalancing*)
      printf 'ROAD=direct has no load balancer.' ;;
    *) printf 'Ask the organization'\''s administrator for an exception for project %s.' "$PROJECT" ;;
  esac
}

api_advice() {
  case "$1" in
    # Without these two nobody can ask which APIs are on, nor turn one on: so this script can't either.
    cloudresourcemanager.* | serviceusage.*)
      printf 'The API %s is off, and an account of a CI can'\''t turn it on: as an owner, once: gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com --project=%s\n' "$1" "$PROJECT" ;;
    *) printf 'The API %s is off: run scripts/deploy.sh apis\n' "$1" ;;
  esac
}

# permission_of OUT: the first that it names. The command's own name looks like one.
permission_of() {
  sed 's/gcloud\.[a-zA-Z.-]*//g' "$1" | grep -oiE '(pubsub|run|bigquery|logging|monitoring|iam|resourcemanager|serviceusage|compute|storage|artifactregistry|cloudbuild|secretmanager|cloudscheduler|cloudkms)\.[a-z]+\.[a-z]+' |
    grep -vi 'googleapis' | head -n 1
}

# role_of OUT: by the permission that the answer names, else by the command.
role_of() {
  local what
  what="$(permission_of "$1")"
  [[ -n $what ]] || what="$(called_service)."
  case "$what" in
    [iI][aA][mM].*[aA]ct[aA]s) echo 'Service Account User' ;;
    pubsub.*) echo 'Pub/Sub Admin' ;;
    run.*) echo 'Cloud Run Admin' ;;
    bigquery.*) echo 'BigQuery Admin' ;;
    logging.logEntries* | logging.views*) echo 'Logs Viewer' ;;
    logging.*) echo 'Logs Configuration Writer' ;;
    monitoring.*) echo 'Monitoring Editor' ;;
    iam.*) echo 'Service Account Admin' ;;
    resourcemanager.*) echo 'Browser' ;;
    serviceusage.*) echo 'Service Usage Admin' ;;
    compute.addresses* | compute.regions*) echo 'Compute Network Admin' ;;
    compute.securityPolicies*) echo 'Compute Security Admin' ;;
    compute.*) echo 'Compute Load Balancer Admin' ;;
    storage.*) echo 'Storage Admin' ;;
    artifactregistry.*) echo 'Artifact Registry Admin' ;;
    cloudbuild.*) echo 'Cloud Build Editor' ;;
    secretmanager.*) echo 'Secret Manager Admin' ;;
    cloudscheduler.*) echo 'Cloud Scheduler Admin' ;;
    cloudkms.*) echo 'Cloud KMS Admin, on the key,' ;;
    *) echo 'for this' ;;
  esac
}

# called_service: the first word of CALL that says whose API it is, as permissions call it.
called_service() {
  local word
  for word in "${CALL[@]}"; do
    case "$word" in
      bq | *bigquery.googleapis*) echo bigquery; return ;;
      pubsub | run | logging | monitoring | iam | compute | storage) echo "$word"; return ;;
      projects) echo resourcemanager; return ;;
      services) echo serviceusage; return ;;
      artifacts) echo artifactregistry; return ;;
      builds) echo cloudbuild; return ;;
      secrets) echo secretmanager; return ;;
      scheduler) echo cloudscheduler; return ;;
    esac
  done
}
