#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/patience.sh
#
# What Google's refusals mean, by its own words: which are waited for and how long, which are for good, and what is said
# then: the role, the organization policy, the API. Nothing is called but stand-ins that answer.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

# How long it is waited for at most, then Google's words.
readonly WAITED=(
  '600|ERROR: (gcloud.alpha.monitoring.policies.create) NOT_FOUND: Cannot find metric(s) that match type = "logging.googleapis.com/user/pixel-rejections". If a metric was created recently, it could take up to 10 minutes'
  '300|ERROR: INVALID_ARGUMENT: Service account pixel-parse@my-project.iam.gserviceaccount.com does not exist.'
  '300|BigQuery error in update operation: Service account pixel-loader@my-project.iam.gserviceaccount.com does not exist'
  '300|ERROR: (gcloud.pubsub.subscriptions.create) PERMISSION_DENIED: The caller does not have permission'
  "300|ERROR: (gcloud.run.services.replace) Permission 'iam.serviceaccounts.actAs' denied on service account pixel-parse@my-project.iam.gserviceaccount.com (or it may not exist)."
  '90|ERROR: ABORTED: There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.'
  '90|BigQuery error in update operation: IAM setPolicy failed for Dataset my-project:pixel: concurrent policy changes'
  "180|ERROR: RESOURCE_EXHAUSTED: Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute'"
  '180|HTTPError 429: Too many requests'
  "180|ERROR: (gcloud.compute.backend-services.add-backend) Could not fetch resource: The resource 'projects/p/regions/r/networkEndpointGroups/pixel' is not ready"
  '30|ERROR: (gcloud.pubsub.topics.create) UNAVAILABLE: The service is currently unavailable.'
  '30|HTTPError 503: Service Unavailable'
  "30|ERROR: (gcloud.run.services.list) HttpError accessing <https://run.googleapis.com/>: response: <{'status': '502', 'content-length': '0'}>, content <>"
  "180|ERROR: HttpError accessing <https://monitoring.googleapis.com/v3/>: response: <{'status': '429'}>, content <>"
  '300|ERROR: PERMISSION_DENIED: pubsub.googleapis.com API has not been used in project 123456789012 before or it is disabled. reason: SERVICE_DISABLED'
)

# What is said, then Google's words.
readonly FOR_GOOD=(
  "role Pub/Sub Admin on the project (permission pubsub.topics.create)|ERROR: (gcloud.pubsub.topics.create) PERMISSION_DENIED: Permission 'pubsub.topics.create' denied on resource (or it may not exist)."
  "role Cloud Run Admin on the project (permission run.services.setIamPolicy)|ERROR: PERMISSION_DENIED: Permission 'run.services.setIamPolicy' denied on resource"
  "role Compute Load Balancer Admin|ERROR: Required 'compute.urlMaps.create' permission for 'projects/p/global/urlMaps/pixel'"
  'role Storage Admin|ERROR: HTTPError 403: you@example.com does not have storage.buckets.create access to the Google Cloud project.'
  'lacks the role for this|ERROR: something that nobody has heard of in line 503 of a file'
  'role BigQuery Admin|BigQuery error in mk operation: Access Denied: Project my-project: User does not have bigquery.datasets.create permission'
  'role Service Usage Admin|ERROR: PERMISSION_DENIED: Permission denied to enable service: serviceusage.services.enable'
  'organization policy constraints/iam.allowedPolicyMemberDomains|ERROR: HTTPError 412: One or more users named in the policy do not belong to a permitted customer.'
  'invoker-iam-disabled|ERROR: FAILED_PRECONDITION: constraints/iam.allowedPolicyMemberDomains violated'
  'organization policy constraints/storage.publicAccessPrevention|ERROR: HTTPError 412: The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced.'
  "BIGQUERY_LOCATION among the places|ERROR: HTTPError 412: 'europe-west1' violates constraint 'constraints/gcp.resourceLocations'"
  'Set KMS_KEY|ERROR: FAILED_PRECONDITION: Constraint constraints/gcp.restrictNonCmekServices violated for projects/my-project attempting to create or modify'
  'gcloud services enable cloudresourcemanager.googleapis.com|ERROR: PERMISSION_DENIED: cloudresourcemanager.googleapis.com API has not been used in project 1 before or it is disabled. SERVICE_DISABLED'
  'run scripts/deploy.sh apis|ERROR: PERMISSION_DENIED: compute.googleapis.com API has not been used in project 1 before or it is disabled. SERVICE_DISABLED'
)

# A Google in which an account was made a moment ago, and Pub/Sub is on; the other one is old, and has nothing on.
make_stubs() {
  local age="$1" apis="$2"
  mkdir -p "$WORK/bin"
  cat >"$WORK/bin/gcloud" <<STUB
#!/bin/sh
case "\$*" in
  *service-accounts*) echo "pipeline=pixel made=\$((\$(date +%s) - $age))" ;;
  *services*list*) printf '%s\n' $apis ;;
  *print-access-token*) echo token ;;
esac
STUB
  printf '#!/bin/sh\nexit 22\n' >"$WORK/bin/curl"
  chmod +x "$WORK"/bin/*
}

# judged FUNCTION TEXT: what the libraries make of it, in a shell of its own.
judged() {
  printf '%s\n' "$2" >"$WORK/answer"
  # shellcheck disable=SC2016  # another shell's dollars
  PATH="$WORK/bin:$PATH" PROJECT=my-project PREFIX=pixel DATASET=pixel OPS_DATASET=pixel_ops bash -euc '
    source "$0/infra/lib/cloud.sh"; source "$0/infra/lib/patience.sh"; source "$0/infra/lib/refusals.sh"
    CALL=(gcloud x)
    case "$2" in
      limit) later "$1" 1 || true; echo "$LIMIT" ;;
      advice) advice "$1" ;;
    esac' "$ROOT" "$WORK/answer" "$1"
}

is_limit() {
  local is
  is="$(judged limit "$2")"
  [[ $is == "$1" ]] || { say "  FAILED: waited for $is s instead of $1: $2"; return 1; }
}

says_for_good() {
  local said
  [[ $(judged limit "$2") == 0 ]] || { say "  FAILED: it is waited for: $2"; return 1; }
  said="$(judged advice "$2")"
  [[ $said == *"$1"* && $(wc -l <<<"$said") -eq 1 ]] || { say "  FAILED: not '$1' but '$said': $2"; return 1; }
}

main() {
  command -v jq >/dev/null || { say 'SKIPPED: jq is not installed'; return 0; }
  local one failed=0
  make_stubs 60 pubsub.googleapis.com
  for one in "${WAITED[@]}"; do is_limit "${one%%|*}" "${one#*|}" || failed=1; done
  make_stubs 86400 iam.googleapis.com
  for one in "${FOR_GOOD[@]}"; do says_for_good "${one%%|*}" "${one#*|}" || failed=1; done
  # Of what is not new, the same words mean that something is missing.
  says_for_good 'role Service Account User' "Permission 'iam.serviceaccounts.actAs' denied on service account x (or it may not exist)." || failed=1
  says_for_good 'role Service Account User' "ERROR: (gcloud.run.services.replace) [None] does not have permission to access namespaces instance [my-project] (or it may not exist): Permission 'iam.serviceaccounts.actAs' denied on service account x" || failed=1
  says_for_good 'lacks the role' 'ERROR: PERMISSION_DENIED: The caller does not have permission' || failed=1
  [[ $failed -eq 0 ]] || exit 1
  say "  ${#WAITED[@]} refusals that are waited for, $((${#FOR_GOOD[@]} + 3)) that are for good: each in its own words"
}

main "$@"
