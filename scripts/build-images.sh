#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/build-images.sh [--builder docker|cloudbuild|buildah] [--push] [NAME=REFERENCE…]
#
# Builds the images of pixel-ingest, log-parse and bq-loader (or only those named, under that reference) and
# prints their sizes and digests. The same sources and packages make the same image.
#
#   --builder docker      with the Docker engine of this machine
#   --builder cloudbuild  on Google Cloud, which also pushes; needs gcloud and infra/config.sh
#   --builder buildah     without engine or base image, on Debian 12 with Swift: into .build-images/NAME (OCI)
#   --push                also pushes to the registry of the reference
#
# Without --builder: Docker if its engine runs, else Cloud Build with --push, else buildah.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

readonly FUNCTIONS=(pixel-ingest log-parse bq-loader)
readonly OUTPUT="$ROOT/.build-images"
BUILDER=''
PUSH=''
declare -A REFERENCES=()

parse_arguments() {
  local name
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --builder) [[ -n ${2:-} ]] || die "$1 needs a value: see --help" ;;&
      --builder) BUILDER="${2:-}"; shift ;;
      --push) PUSH=1 ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      pixel-ingest=?* | log-parse=?* | bq-loader=?*) REFERENCES["${1%%=*}"]="${1#*=}" ;;
      *) die "unknown argument '$1': see --help" ;;
    esac
    shift
  done
  [[ ${#REFERENCES[@]} -gt 0 ]] || for name in "${FUNCTIONS[@]}"; do REFERENCES["$name"]="$name:latest"; done
  [[ -n $BUILDER ]] || choose_builder
  [[ $BUILDER =~ ^(docker|cloudbuild|buildah)$ ]] ||
    die "--builder is '$BUILDER': allowed are docker, cloudbuild and buildah"
}

choose_builder() {
  if docker info >/dev/null 2>&1; then BUILDER=docker
  elif [[ -n $PUSH ]]; then BUILDER=cloudbuild
  else BUILDER=buildah; fi
}

build_with_docker() {
  local name reference
  for name in "${!REFERENCES[@]}"; do
    reference="${REFERENCES[$name]}"
    # The build stage is the same for all: the second and third take it from the cache.
    SOURCE_DATE_EPOCH=0 docker build -q --pull --build-arg "PACKAGES_OF=$(date -u +%F)" -f "$ROOT/infra/images/Dockerfile" --build-arg "FUNCTION=$name" \
      -t "$reference" "$ROOT" >/dev/null
    [[ -z $PUSH ]] || docker push -q "$reference" >/dev/null
    docker image inspect --format "$name {{.Size}} bytes {{.Id}}" "$reference"
  done
}

build_with_cloudbuild() {
  # shellcheck source=infra/lib/load.sh
  source "$ROOT/infra/lib/load.sh"
  load_settings
  local name substitutions=()
  for name in "${!REFERENCES[@]}"; do
    # What it builds it pushes: a name alone is no place.
    [[ ${REFERENCES[$name]} == */* ]] || die "$name needs a reference with a registry for cloudbuild"
    substitutions+=("_$(tr 'a-z-' 'A-Z_' <<<"$name")=${REFERENCES[$name]}")
  done
  # Its own bucket, so that taking the pipeline down can remove it. What was built from is not needed twice.
  [[ -n $(look gcloud storage buckets describe "gs://$BUILD_BUCKET" --format='value(name)') ]] || {
    printf '{"rule": [{"action": {"type": "Delete"}, "condition": {"age": 1}}]}' >"$SCRATCH/lifecycle.json"
    run gcloud storage buckets create "gs://$BUILD_BUCKET" "--location=$REGION" --uniform-bucket-level-access
    label_bucket "$BUILD_BUCKET" "--lifecycle-file=$SCRATCH/lifecycle.json"
  }
  run_aloud gcloud builds submit "$ROOT" "--config=$ROOT/infra/images/cloudbuild.yaml" \
    "--substitutions=$(IFS=,; printf '%s' "${substitutions[*]}")" \
    "--gcs-source-staging-dir=gs://$BUILD_BUCKET/source" "--gcs-log-dir=gs://$BUILD_BUCKET/logs" \
    "--project=$PROJECT" --quiet
}

# The Dockerfile's last stage, over what its first one would have made.
build_with_buildah() {
  command -v buildah >/dev/null || die 'buildah is not installed: apt-get install buildah'
  install_packages libssl-dev libc-ares-dev dpkg-dev ca-certificates make gcc
  "$ROOT/infra/images/build-libcurl.sh" "$OUTPUT/curl"
  "$ROOT/infra/images/image-roots.sh" "$OUTPUT/curl" "$OUTPUT/build/image"
  export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
  local name folder
  for name in "${!REFERENCES[@]}"; do
    folder="$OUTPUT/$name"
    rm -rf "$folder"
    buildah bud -q --timestamp 0 --build-context "build=$OUTPUT/build" --build-arg "FUNCTION=$name" \
      -f "$ROOT/infra/images/Dockerfile" -t "$name:built" "$OUTPUT/build" >/dev/null
    buildah push -q "$name:built" "oci:$folder:${REFERENCES[$name]##*:}"
    [[ -z $PUSH ]] || buildah push -q "$name:built" "docker://${REFERENCES[$name]}"
    printf '%s %s bytes, %s compressed, %s\n' "$name" "$(du -sb --apparent-size "$OUTPUT/build/image/$name" | cut -f 1)" \
      "$(du -sb "$folder" | cut -f 1)" "$(jq -r '.manifests[0].digest' "$folder/index.json")"
  done
}

main() {
  parse_arguments "$@"
  say "Building ${!REFERENCES[*]} with $BUILDER"
  "build_with_$BUILDER"
}

main "$@"
