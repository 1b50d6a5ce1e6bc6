#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/build-images.sh [--builder docker|cloudbuild|buildah] [--push] [NAME=REFERENCE…]
#        scripts/build-images.sh --pin
#
# Builds the images of pixel-ingest, log-parse and bq-loader (or only those named, under that reference) and
# prints their sizes and digests. The same sources and packages make the same image. Beside each lies its list of what
# is inside (SPDX), as /sbom.spdx.json; a pushed image has a second tag, packages-DATE: how old its base packages are.
#
#   --builder docker      with the Docker engine of this machine, for linux/amd64
#   --builder cloudbuild  on Google Cloud, which also pushes; needs gcloud and infra/config.sh
#   --builder buildah     without engine or base image, on Debian 12 with Swift: into .build-images/NAME (OCI)
#   --push                also pushes to the registry of the reference
#   --pin                 instead: asks docker for the digest of each base image and writes it into
#                         infra/images/Dockerfile, as NAME:TAG@sha256:…; again later, it brings the digests up to date
#
# Without --builder: Docker if its engine runs, else Cloud Build with --push, else buildah.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

# shellcheck source=infra/images/pin.sh
source "$ROOT/infra/images/pin.sh"

readonly FUNCTIONS='pixel-ingest log-parse bq-loader'
readonly OUTPUT="$ROOT/.build-images"
BUILDER=''
PUSH=''
PIN=''
# NAME=REFERENCE of each that is built, with spaces.
WANTED=''
# The day of the packages: a second tag.
PACKAGES_OF="$(date -u +%F)"
readonly PACKAGES_OF

parse_arguments() {
  local name count=$#
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --builder) [[ -n ${2:-} ]] || die "$1 needs a value: see --help"; BUILDER="$2"; shift ;;
      --push) PUSH=1 ;;
      --pin) [[ $count -eq 1 ]] || die '--pin builds nothing: allowed is --pin alone'; PIN=1 ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      pixel-ingest=?* | log-parse=?* | bq-loader=?*) WANTED+=" $1" ;;
      *) die "unknown argument '$1': see --help" ;;
    esac
    shift
  done
  [[ -z $PIN ]] || return 0
  [[ -n $WANTED ]] || for name in $FUNCTIONS; do WANTED+=" $name=$name:latest"; done
  [[ -n $BUILDER ]] || choose_builder
  [[ $BUILDER =~ ^(docker|cloudbuild|buildah)$ ]] ||
    die "--builder is '$BUILDER': allowed are docker, cloudbuild and buildah"
}

choose_builder() {
  if docker info >/dev/null 2>&1; then BUILDER=docker
  elif [[ -n $PUSH ]]; then BUILDER=cloudbuild
  else BUILDER=buildah; fi
}

# dated REFERENCE: the same image's second tag.
dated() { printf '%s:packages-%s' "${1%:*}" "$PACKAGES_OF"; }

build_with_docker() {
  local one name reference
  [[ -z $PUSH ]] || log_in
  for one in $WANTED; do
    name="${one%%=*}" reference="${one#*=}"
    # Cloud Run takes no other platform, whatever this machine is. The build stage is the same for all: the second and
    # third take it from the cache.
    SOURCE_DATE_EPOCH=0 docker build --platform linux/amd64 --pull --build-arg "PACKAGES_OF=$PACKAGES_OF" \
      -f "$ROOT/infra/images/Dockerfile" --build-arg "FUNCTION=$name" -t "$reference" -t "$(dated "$reference")" "$ROOT"
    if [[ -n $PUSH ]]; then
      docker push "$reference"
      docker push "$(dated "$reference")"
    fi
    docker image inspect --format "$name {{.Size}} bytes {{.Id}}" "$reference"
  done
}

# log_in: Docker asks gcloud for a token at each push to Google's registries.
log_in() {
  local one host hosts=''
  for one in $WANTED; do
    host="${one#*=}" host="${host%%/*}"
    [[ $host == *-docker.pkg.dev && ,$hosts, != *",$host,"* ]] || continue
    hosts="${hosts:+$hosts,}$host"
  done
  [[ -z $hosts ]] || gcloud auth configure-docker "$hosts" --quiet
}

build_with_cloudbuild() {
  # shellcheck source=infra/lib/load.sh
  source "$ROOT/infra/lib/load.sh"
  load_settings
  load_parts
  local one name substitutions
  substitutions="_PACKAGES_OF=$PACKAGES_OF"
  for one in $WANTED; do
    name="${one%%=*}"
    # What it builds it pushes: a name alone is no place.
    [[ ${one#*=} == */* ]] || die "$name needs a reference with a registry for cloudbuild"
    substitutions+=",_$(tr 'a-z-' 'A-Z_' <<<"$name")=${one#*=}"
  done
  make_builder
  run_aloud gcloud builds submit "$ROOT" "--config=$ROOT/infra/images/cloudbuild.yaml" "--substitutions=$substitutions" \
    "--service-account=projects/$PROJECT/serviceAccounts/$BUILD_ACCOUNT" \
    "--gcs-source-staging-dir=gs://$BUILD_BUCKET/source" "--gcs-log-dir=gs://$BUILD_BUCKET/logs" \
    "--project=$PROJECT" --quiet
}

# make_builder: a bucket and an account for the builds alone, so that taking the pipeline down can remove them. The
# project's default account may be anything from an Editor to nobody.
make_builder() {
  local line
  line="$(found accounts "$BUILD_ACCOUNT")"
  if [[ -z $line ]]; then
    run gcloud iam service-accounts create "${BUILD_ACCOUNT%%@*}" '--display-name=Pixel pipeline: builds images' \
      "--description=$(account_description)"
  else
    claim account "$BUILD_ACCOUNT" "$(owner "$line")"
  fi
  [[ -n $(look gcloud storage buckets describe "gs://$BUILD_BUCKET" --format='value(name)') ]] || make_build_bucket
  # Three grants, each on one resource: reading the source and writing the log, seeing their bucket, pushing.
  grant 'storage buckets' "gs://$BUILD_BUCKET" "serviceAccount:$BUILD_ACCOUNT" roles/storage.objectAdmin \
    "serviceAccount:$BUILD_ACCOUNT" roles/storage.legacyBucketReader
  grant 'artifacts repositories' "$PREFIX" "serviceAccount:$BUILD_ACCOUNT" roles/artifactregistry.writer
}

# bytes_of FOLDER: of all its files.
bytes_of() { find "$1" -type f -exec cat {} + | wc -c | tr -d ' '; }

# The Dockerfile's last stage, over what its first one would have made.
build_with_buildah() {
  command -v buildah >/dev/null || die 'buildah is not installed: apt-get install buildah'
  install_packages libssl-dev libc-ares-dev zlib1g-dev dpkg-dev ca-certificates make gcc
  "$ROOT/infra/images/build-libcurl.sh" "$OUTPUT/curl"
  "$ROOT/infra/images/image-roots.sh" "$OUTPUT/curl" "$OUTPUT/build/image"
  export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
  local one name reference folder
  for one in $WANTED; do
    name="${one%%=*}" reference="${one#*=}"
    folder="$OUTPUT/$name"
    rm -rf "$folder"
    buildah bud -q --timestamp 0 --build-context "build=$OUTPUT/build" --build-arg "FUNCTION=$name" \
      -f "$ROOT/infra/images/Dockerfile" -t "$name:built" "$OUTPUT/build" >/dev/null
    buildah push -q "$name:built" "oci:$folder:${reference##*:}"
    if [[ -n $PUSH ]]; then
      buildah push -q "$name:built" "docker://$reference"
      buildah push -q "$name:built" "docker://$(dated "$reference")"
    fi
    cp "$OUTPUT/build/image/$name/sbom.spdx.json" "$OUTPUT/$name.spdx.json"
    printf '%s %s bytes, %s compressed, %s\n' "$name" "$(bytes_of "$OUTPUT/build/image/$name")" \
      "$(bytes_of "$folder")" "$(jq -r '.manifests[0].digest' "$folder/index.json")"
  done
}

main() {
  parse_arguments "$@"
  if [[ -n $PIN ]]; then pin "$ROOT/infra/images/Dockerfile"; return; fi
  say "Building$WANTED with $BUILDER"
  "build_with_$BUILDER"
}

main "$@"
