# SPDX-License-Identifier: MIT
# The Cloud Run services, each from its file in infra/services: loader, then parser, then collector.
# shellcheck shell=bash

part_services() {
  local service there state
  describe_services
  resolve_images
  # What comes later in the flow is ready first, so that a new contract or column is known when it arrives.
  # A revision takes over when its probe answers. The label says what a service was made of.
  there="$(look gcloud run services list "--region=$REGION" \
    --format='value[separator=" "](metadata.name,metadata.labels.state,status.conditions[0].status)')"
  for service in "$LOADER_SERVICE" "$PARSE_SERVICE" "$INGEST_SERVICE"; do
    [[ $service != "$INGEST_SERVICE" || $ROAD != bucket ]] || continue
    render "$ROOT/infra/services/$service.yaml" >"$SCRATCH/$service.plain"
    state="x$(sha256sum <"$SCRATCH/$service.plain" | cut -c 1-12)"
    [[ -z $FORCE ]] && has "$there" "$service $state True" && continue
    sed "s/^    pipeline:.*/&\n    state: $state/" "$SCRATCH/$service.plain" >"$SCRATCH/$service.yaml"
    run gcloud run services replace "$SCRATCH/$service.yaml" "--region=$REGION"
  done
  # Only Pub/Sub's account may call the two that take pushes.
  for service in "$LOADER_SERVICE" "$PARSE_SERVICE"; do
    aside grant 'run services' "$service" "serviceAccount:$PUSH_ACCOUNT" roles/run.invoker
  done
  together
}

# What the service files name beside the settings and names.
# shellcheck disable=SC2034
describe_services() {
  CONTRACT_NAME="$(basename "$CONTRACT")"
  # How many addresses Google's front ends add to X-Forwarded-For: their own, and what the first one saw.
  case "$ROAD" in
    direct) INGRESS=all FORWARDED_HOPS=1 ;;
    *) INGRESS=internal-and-cloud-load-balancing FORWARDED_HOPS=2 ;;
  esac
  INGEST_ENVIRONMENT="$(environment INGEST_SETTINGS; write_keys_environment)"
  PARSE_ENVIRONMENT="$(environment PARSE_SETTINGS)"
  LOADER_ENVIRONMENT="$(environment LOADER_SETTINGS)"
  [[ -z $KNOWN_IDS ]] || LOADER_ENVIRONMENT+=$'\n'"            - {name: KNOWN_IDS, value: /known-ids}"
}

# resolve_images: a tag of our own registry becomes the digest it has now, so that an image that was built
# again under the same tag makes a new revision.
resolve_images() {
  local digests variable image digest
  [[ -z ${SKIP_IMAGE_BUILD:-} ]] && uses_own_registry || return 0
  digests="$(look gcloud artifacts docker images list "$REGISTRY" --include-tags \
    --format='value[separator=" "](package,tags,version)')"
  for variable in IMAGE_PIXEL_INGEST IMAGE_LOG_PARSE IMAGE_BQ_LOADER; do
    image="${!variable}"
    [[ $image == "$REGISTRY"/* && $image != *@* ]] || continue
    digest="$(awk -v name="${image%:*}" -v tag="${image##*:}" \
      '$1 == name && index("," $2 ",", "," tag ",") { print $3 }' <<<"$digests")"
    [[ -z $digest ]] || printf -v "$variable" '%s@%s' "${image%:*}" "$digest"
  done
}

undo_services() {
  local there service
  there="$(look gcloud run services list "--region=$REGION" --format='value(metadata.name)')"
  for service in "$INGEST_SERVICE" "$PARSE_SERVICE" "$LOADER_SERVICE"; do
    if has "$there" "$service"; then
      aside run gcloud run services delete "$service" "--region=$REGION"
    fi
  done
  together
}
