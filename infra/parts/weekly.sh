# SPDX-License-Identifier: MIT
# With WEEKLY_REBUILD: Cloud Scheduler has Cloud Build make the images anew, from a source that lasts, and deploy them.
# shellcheck shell=bash
# shellcheck disable=SC2153  # REGION is a setting

part_weekly() {
  local source account="serviceAccount:$IMAGES_ACCOUNT" line
  if [[ -z $WEEKLY_REBUILD ]]; then
    undo_weekly
    return
  fi
  [[ -n $(look gcloud storage buckets describe "gs://$BUILD_BUCKET" --format='value(name)') ]] || make_build_bucket
  line="$(found accounts "$IMAGES_ACCOUNT")"
  if [[ -z $line ]]; then
    run gcloud iam service-accounts create "${IMAGES_ACCOUNT%%@*}" '--display-name=Pixel pipeline: rebuilds images weekly' \
      "--description=$(account_description)"
    relist accounts
  else
    claim account "$IMAGES_ACCOUNT" "$(owner "$line")"
  fi
  # Just these services, their accounts, the repository and the bucket.
  grant 'storage buckets' "gs://$BUILD_BUCKET" "$account" roles/storage.objectAdmin "$account" roles/storage.legacyBucketReader
  grant 'artifacts repositories' "$PREFIX" "$account" roles/artifactregistry.writer
  aside grant 'iam service-accounts' "$IMAGES_ACCOUNT" "$account" roles/iam.serviceAccountUser
  for line in $(stage_accounts); do
    [[ $line == "$PUSH_ACCOUNT" ]] || aside grant 'iam service-accounts' "$line" "$account" roles/iam.serviceAccountUser
  done
  for line in $(rebuilt_services); do aside grant 'run services' "${line%%=*}" "$account" roles/run.developer; done
  together
  # Starting a build is the one thing that Google only grants on a project.
  [[ $(look gcloud projects get-iam-policy "$PROJECT" --flatten='bindings[].members' --format='value[separator=" "](bindings.members,bindings.role)') == *"$account roles/cloudbuild.builds.editor"* ]] ||
    run gcloud projects add-iam-policy-binding "$PROJECT" "--member=$account" --role=roles/cloudbuild.builds.editor --condition=None
  source="weekly/$(source_commit).tgz"
  [[ -n $(look gcloud storage objects list "gs://$BUILD_BUCKET/$source" --format='value(name)') ]] || {
    git -C "$ROOT" archive --format=tar.gz -o "$SCRATCH/source.tgz" HEAD
    run gcloud storage cp "$SCRATCH/source.tgz" "gs://$BUILD_BUCKET/$source"
  }
  ensure_job "$source"
}

source_commit() { git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null || die 'WEEKLY_REBUILD builds what git has: this is no clone'; }

# rebuilt_services: SERVICE=IMAGE of those whose image is in our repository; a digest would not be another next week.
rebuilt_services() {
  local pair
  for pair in "$INGEST_SERVICE=$REGISTRY/pixel-ingest" "$PARSE_SERVICE=$REGISTRY/log-parse" "$LOADER_SERVICE=$REGISTRY/bq-loader"; do
    [[ $ROAD == bucket && $pair == "$INGEST_SERVICE="* ]] || printf '%s:weekly\n' "$pair"
  done
}

# ensure_job SOURCE: the build is in the job's body; a hash of it in the job's description says whether it is this one.
ensure_job() {
  local state verb=create is
  weekly_build "$1" >"$SCRATCH/build.json"
  state="pipeline=$PREFIX state=$(fingerprint 12 <"$SCRATCH/build.json")"
  is="$(look gcloud scheduler jobs describe "$PREFIX-weekly" "--location=$REGION" --format='value[separator="|"](description,schedule)')"
  [[ $is != "$state|$WEEKLY_REBUILD" ]] || return 0
  if [[ -n $is ]]; then
    verb=update
    claim job "$PREFIX-weekly" "$(sed -n 's/^pipeline=\([a-z0-9-]*\).*/\1/p' <<<"$is")"
  fi
  run gcloud scheduler jobs "$verb" http "$PREFIX-weekly" "--location=$REGION" "--schedule=$WEEKLY_REBUILD" --time-zone=UTC \
    "--uri=https://cloudbuild.googleapis.com/v1/projects/$PROJECT/builds" --http-method=POST \
    "--message-body-from-file=$SCRATCH/build.json" "--oauth-service-account-email=$IMAGES_ACCOUNT" "--description=$state"
}

# weekly_build SOURCE: the steps of infra/images/cloudbuild.yaml, then another revision of each service with the new image.
weekly_build() {
  rebuilt_services | jq -Rn --arg project "$PROJECT" --arg region "$REGION" --arg bucket "$BUILD_BUCKET" --arg source "$1" \
    --arg account "projects/$PROJECT/serviceAccounts/$IMAGES_ACCOUNT" '
    [inputs | split("=") | {service: .[0], image: .[1], name: (.[1] | split("/") | last | split(":")[0])}] as $all |
    {source: {storageSource: {bucket: $bucket, object: $source}}, serviceAccount: $account, logsBucket: "gs://\($bucket)/logs",
     timeout: "3600s", options: {machineType: "E2_HIGHCPU_8", logging: "GCS_ONLY"},
     steps: [{name: "gcr.io/cloud-builders/docker", env: ["DOCKER_BUILDKIT=1"], script: ("set -eu\nday=\"$(date -u +%F)\"\n" + ($all | map(
         "docker build -f infra/images/Dockerfile --pull --build-arg SOURCE_DATE_EPOCH=0 --build-arg PACKAGES_OF=\"$day\" --build-arg FUNCTION=\(.name) -t \(.image) -t \(.image | sub(":weekly$"; ":packages-"))\"$day\" .\ndocker push \(.image)\ndocker push \(.image | sub(":weekly$"; ":packages-"))\"$day\"\n") | add))},
       {name: "gcr.io/google.com/cloudsdktool/cloud-sdk:slim", script: ("set -eu\n" + ($all | map(
         "gcloud run services update \(.service) --image=\(.image) --region=\($region) --project=\($project) --quiet\n") | add))}]}'
}

undo_weekly() {
  local is
  # Whoever never had one need not have the API on.
  is="$(found accounts "$IMAGES_ACCOUNT")"
  [[ -n $is ]] || return 0
  ! spare Account "$IMAGES_ACCOUNT" "$(owner "$is")" || return 0
  [[ -z $(look gcloud scheduler jobs describe "$PREFIX-weekly" "--location=$REGION" --format='value(name)') ]] ||
    run gcloud scheduler jobs delete "$PREFIX-weekly" "--location=$REGION"
  run gcloud projects remove-iam-policy-binding "$PROJECT" "--member=serviceAccount:$IMAGES_ACCOUNT" --role=roles/cloudbuild.builds.editor --condition=None
  run gcloud iam service-accounts delete "$IMAGES_ACCOUNT"
}
