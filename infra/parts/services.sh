# SPDX-License-Identifier: MIT
# The Cloud Run services, each from its file in infra/services: loader, then parser, then collector.
# shellcheck shell=bash
# shellcheck disable=SC2153  # REGION is a setting

part_services() {
  local region
  describe_services
  resolve_images
  listing services >/dev/null
  # What comes later in the flow is ready first, so that a new contract or column is known when it arrives.
  ensure_service bq-loader "$LOADER_SERVICE" "$REGION"
  ensure_service log-parse "$PARSE_SERVICE" "$REGION"
  [[ $ROAD == bucket ]] || for region in $(ingest_regions); do ensure_service pixel-ingest "$INGEST_SERVICE" "$region"; done
  # Only Pub/Sub's account may call the two that take pushes.
  aside grant 'run services' "$LOADER_SERVICE" "serviceAccount:$PUSH_ACCOUNT" roles/run.invoker
  aside grant 'run services' "$PARSE_SERVICE" "serviceAccount:$PUSH_ACCOUNT" roles/run.invoker
  together
}

# service_at NAME REGION: its line of the list, if it is there.
service_at() { listing services | awk -F '|' -v name="$1" -v at="\"region\":\"$2\"" '$1 == name && index($3, at) { print; exit }'; }

# ensure_service FILE NAME REGION: a revision takes over when its probe answers. The label says what a service was made of.
ensure_service() {
  local line is='{}' plain="$SCRATCH/$2.$3.plain" state
  line="$(service_at "$2" "$3")"
  if [[ -n $line ]]; then
    claim service "$2" "$(owner "$line")"
    is="$(more "$line")"
  fi
  render "$ROOT/infra/services/$1.yaml" >"$plain"
  state="x$(fingerprint 12 <"$plain")"
  if [[ -z $FORCE$TRAFFIC && $(jq -r '"\(.state) \(.ready)"' <<<"$is") == "$state True" ]]; then
    say_split "$2" "$is"
    return 0
  fi
  {
    sed "s/^    pipeline:.*/&|    state: $state/" "$plain" | tr '|' '\n'
    traffic_lines "$2" "$is" "$state"
  } >"$SCRATCH/$2.$3.yaml"
  run gcloud run services replace "$SCRATCH/$2.$3.yaml" "--region=$3"
  [[ -n $FORCE$TRAFFIC ]] || say_split "$2" "$is"
}

# is_split IS: whether somebody has said which revisions get traffic, so that the newest does not by itself.
is_split() { jq -e '.traffic // [] | any(.[]; .latestRevision != true and .percent > 0)' <<<"$1" >/dev/null; }

say_split() {
  ! is_split "$2" || printf '  %s: its traffic is split by hand (%s) and stays so; scripts/rollback.sh --latest ends that\n' "$1" \
    "$(jq -r '[.traffic[] | "\(.revisionName // "latest") \(.percent // 0) %"] | join(", ")' <<<"$2")"
}

# traffic_lines NAME IS STATE: the end of the service's file. A split by hand stays, but with --force; --traffic N gives
# the new revision so many percent, and what served till now the rest.
traffic_lines() {
  local before='' name
  [[ -z $TRAFFIC ]] || before="$(jq -r '[.traffic[]? | select((.percent // 0) > 0)] | max_by(.percent) | .revisionName // empty' <<<"$2")"
  [[ -z $TRAFFIC || -n $before ]] || before="$(jq -r '.revision // empty' <<<"$2")"
  printf '  traffic:\n'
  if [[ -n $TRAFFIC && $TRAFFIC -lt 100 && -n $before ]]; then
    printf '    - {latestRevision: true, percent: %d}\n    - {revisionName: %s, percent: %d}\n' "$TRAFFIC" "$before" $((100 - TRAFFIC))
  elif [[ -z $FORCE$TRAFFIC ]] && is_split "$2"; then
    jq -r '.traffic[] | "    - {\(if .latestRevision then "latestRevision: true" else "revisionName: \(.revisionName)" end), percent: \(.percent // 0)\(
      if .tag then ", tag: \(.tag)" else "" end)}"' <<<"$2"
  else
    printf '    - {latestRevision: true, percent: 100}\n'
  fi
}

# What the service files name beside the settings and names.
# shellcheck disable=SC2034
describe_services() {
  local first
  # A folder is all of the image's; the loader only looks whether the suffix's columns are there.
  first="$(contracts | sed -n 1p)"
  CONTRACT_PATH="/contracts${CONTRACT#infra/contracts}" LOADER_CONTRACT="/contracts/$(basename "$(cut -d ' ' -f 2 <<<"$first")")"
  LOADER_TABLE="$TABLE"
  [[ ! -d $ROOT/$CONTRACT ]] || LOADER_TABLE='{contract}'
  # How many addresses Google's front ends add to X-Forwarded-For: their own, and what the first one saw.
  case "$ROAD" in
    direct) INGRESS=all FORWARDED_HOPS=1 ;;
    *) INGRESS=internal-and-cloud-load-balancing FORWARDED_HOPS=2 ;;
  esac
  INGEST_ENVIRONMENT="$(environment INGEST_SETTINGS; write_keys_environment)"
  PARSE_ENVIRONMENT="$(environment PARSE_SETTINGS)"
  LOADER_ENVIRONMENT="$(environment LOADER_SETTINGS)"
  [[ -z $KNOWN_IDS ]] || LOADER_ENVIRONMENT+=$'\n'"            - {name: KNOWN_IDS, value: /known-ids}"
  # By instance, the processor is there all the time, and Cloud Run wants 512 MiB.
  local stage billing
  for stage in INGEST PARSE LOADER; do
    billing="BILLING_$stage"
    if [[ ${!billing:-$BILLING} == instance ]]; then
      printf -v "${stage}_THROTTLED" false
      printf -v "${stage}_MEMORY" 512Mi
    else
      printf -v "${stage}_THROTTLED" true
      printf -v "${stage}_MEMORY" %s "$([[ $stage == INGEST ]] && echo 128Mi || echo 256Mi)"
    fi
  done
}

# resolve_images: a tag of our own registry becomes the digest it has now, so that an image that was built
# again under the same tag makes a new revision. An image may have several tags.
resolve_images() {
  local images variable image digest
  [[ -z ${SKIP_IMAGE_BUILD:-} ]] && uses_own_registry || return 0
  images="$(look gcloud artifacts docker images list "$REGISTRY" --include-tags --format=json)"
  for variable in IMAGE_PIXEL_INGEST IMAGE_LOG_PARSE IMAGE_BQ_LOADER; do
    image="${!variable}"
    [[ $image == "$REGISTRY"/* && $image != *@* ]] || continue
    digest="$(digest_of "$image" "${images:-[]}")"
    [[ -z $digest ]] || printf -v "$variable" '%s@%s' "${image%:*}" "$digest"
  done
}

# digest_of IMAGE LIST: gcloud has written tags as one text with commas, and as a list.
digest_of() {
  jq -r --arg name "${1%:*}" --arg tag "${1##*:}" 'first(.[] | select(.package == $name and
    (.tags // [] | if type == "array" then . else split("[,;] *"; null) end | any(. == $tag))) | .version) // empty' <<<"$2"
}

undo_services() {
  local name region line
  for name in "$INGEST_SERVICE" "$PARSE_SERVICE" "$LOADER_SERVICE"; do
    while IFS='|' read -r _ line; do
      region="$(jq -r .region <<<"${line#*|}")"
      spare Service "$name" "${line%%|*}" || aside run gcloud run services delete "$name" "--region=$region"
    done < <(listing services | awk -F '|' -v name="$name" '$1 == name')
  done
  together
  undo_old_services
}
