# SPDX-License-Identifier: MIT
# The repository for images, and the images, unless SKIP_IMAGE_BUILD=1.
# shellcheck shell=bash

part_images() {
  if uses_own_registry; then
    [[ -n $(look gcloud artifacts repositories describe "$PREFIX" "--location=$REGION" --format='value(name)') ]] ||
      run gcloud artifacts repositories create "$PREFIX" "--location=$REGION" --repository-format=docker \
        '--description=Images of the pixel pipeline'
  fi
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

uses_own_registry() {
  [[ "$IMAGE_PIXEL_INGEST $IMAGE_LOG_PARSE $IMAGE_BQ_LOADER" == *"$REGISTRY/"* ]]
}

undo_images() {
  [[ -z $(look gcloud artifacts repositories describe "$PREFIX" "--location=$REGION" --format='value(name)') ]] ||
    run gcloud artifacts repositories delete "$PREFIX" "--location=$REGION"
  remove_bucket "$BUILD_BUCKET"
}
