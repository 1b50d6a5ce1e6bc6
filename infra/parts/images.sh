# SPDX-License-Identifier: MIT
# The repository for images, and the images, unless SKIP_IMAGE_BUILD=1.
# shellcheck shell=bash

part_images() {
  ! uses_own_registry || ensure_repository
  [[ -z ${SKIP_IMAGE_BUILD:-} ]] || return 0
  local names=() pair
  for pair in "pixel-ingest $IMAGE_PIXEL_INGEST" "log-parse $IMAGE_LOG_PARSE" "bq-loader $IMAGE_BQ_LOADER"; do
    # An image that the configuration takes from elsewhere is not ours to build.
    [[ $ROAD == bucket && $pair == pixel-ingest* ]] || [[ ${pair#* } != "$REGISTRY/"* ]] ||
      names+=("${pair%% *}=${pair#* }")
  done
  [[ ${#names[@]} -gt 0 ]] || return 0
  run_aloud "$ROOT/scripts/build-images.sh" --push "${names[@]}" ||
    die 'the images were not built: see above. Run the same command again when this is put right.'
}

ensure_repository() {
  local line
  line="$(found repositories "$PREFIX")"
  if [[ -z $line ]]; then
    [[ -z $KMS_KEY ]] || key_grant "serviceAccount:service-$NUMBER@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    run gcloud artifacts repositories create "$PREFIX" "--location=$REGION" --repository-format=docker \
      '--description=Images of the pixel pipeline' "--labels=pipeline=$PREFIX" ${KMS_KEY:+"--kms-key=$KMS_KEY"}
    # What was deployed long ago costs, and nobody rolls back to it.
    run gcloud artifacts repositories set-cleanup-policies "$PREFIX" "--location=$REGION" \
      "--policy=$ROOT/infra/image-cleanup.json" --no-dry-run
    relist repositories
    return
  fi
  claim 'image repository' "$PREFIX" "$(owner "$line")"
  [[ -n $(owner "$line") ]] ||
    run gcloud artifacts repositories update "$PREFIX" "--location=$REGION" "--update-labels=pipeline=$PREFIX"
}

uses_own_registry() {
  [[ "$IMAGE_PIXEL_INGEST $IMAGE_LOG_PARSE $IMAGE_BQ_LOADER" == *"$REGISTRY/"* ]]
}

undo_images() {
  local line
  line="$(found repositories "$PREFIX")"
  [[ -z $line ]] || spare 'Image repository' "$PREFIX" "$(owner "$line")" ||
    run gcloud artifacts repositories delete "$PREFIX" "--location=$REGION"
  remove_bucket "$BUILD_BUCKET"
  line="$(found accounts "$BUILD_ACCOUNT")"
  [[ -z $line ]] || spare Account "$BUILD_ACCOUNT" "$(owner "$line")" || run gcloud iam service-accounts delete "$BUILD_ACCOUNT"
}
