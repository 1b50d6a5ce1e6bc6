#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is there, and whose it is: everything carries pipeline=PREFIX as a label or in its description. Sourced.

# listing KIND: what is there of a kind, one a line as 'NAME|OWNER|MORE'; asked for once. OWNER is a PREFIX or nothing.
listing() {
  local file="$SCRATCH/listing.${1//\//.}" part
  if [[ ! -e $file ]]; then
    part="$(mktemp "$SCRATCH/XXXXXX")"
    "list_${1//[-\/]/_}" "$1" >"$part" || exit 1
    mv "$part" "$file"
  fi
  cat "$file"
}

# relist KIND: what was made since is to be seen, too.
relist() { rm -f "$SCRATCH/listing.${1//\//.}"; }

# MORE: what the account was said to be for.
list_accounts() {
  look gcloud iam service-accounts list --format='value[separator="|"](email,description,displayName)' | owner_from_description
}

list_topics() {
  look gcloud pubsub topics list --format=json |
    jq -r '.[]? | [(.name | split("/") | last), (.labels.pipeline // ""),
      (.messageStoragePolicy.allowedPersistenceRegions // [] | sort | join(",")), (.kmsKeyName // "")] | join("|")'
}

list_subscriptions() {
  look gcloud pubsub subscriptions list --format=json | jq -c '.[]?' >"$SCRATCH/subscriptions"
  jq -r '[(.name | split("/") | last), (.labels.pipeline // "")] | join("|")' "$SCRATCH/subscriptions"
}

# MORE: region, what it was made of, whether it is ready, how traffic is split, all as one JSON.
list_services() {
  look gcloud run services list --format=json |
    jq -r '.[]? | [.metadata.name, (.metadata.labels.pipeline // ""),
      ({region: .metadata.labels["cloud.googleapis.com/location"], state: .metadata.labels.state,
        ready: (.status.conditions // [] | map(select(.type == "Ready").status) | first),
        revision: .status.latestReadyRevisionName, traffic: (.spec.traffic // [])} | tojson)] | join("|")'
}

list_sinks() {
  look gcloud logging sinks list --format='value[separator="|"](name,description,destination)' | owner_from_description
}

list_metrics() {
  look gcloud logging metrics list --format='value[separator="|"](name,description)' | owner_from_description
}

list_repositories() {
  look gcloud artifacts repositories list "--location=$REGION" \
    --format='value[separator="|"](name.basename(),labels.pipeline,description)'
}

list_secrets() {
  look gcloud secrets list --format='value[separator="|"](name.basename(),labels.pipeline,replication.userManaged.replicas[].location)'
}

# owner_from_description: of lines 'NAME|DESCRIPTION|MORE'.
owner_from_description() { sed -E 's/^([^|]*)\|([^|]*)pipeline=([a-z0-9-]+)[^|]*(\||$)/\1|\3|/; t
  s/^([^|]*)\|[^|]*(\||$)/\1||/'; }

# found KIND NAME: its line, if it is there.
found() {
  local all
  all="$(listing "$1")" || exit 1
  awk -F '|' -v name="$2" '$1 == name { print; exit }' <<<"$all"
}
is_there() { [[ -n $(found "$1" "$2") ]]; }
owner() { cut -d '|' -f 2 <<<"$1"; }
more() { cut -d '|' -f 3- <<<"$1"; }

# An earlier version of these scripts left no labels, but accounts of ours with that display name: what then has our
# names and no label is ours. The accounts get their description last, when everything else has its label.
is_earlier() {
  local account line
  [[ ! -e $SCRATCH/is-earlier ]] || return 0
  for account in "$PARSE_ACCOUNT" "$LOADER_ACCOUNT" "$PUSH_ACCOUNT"; do
    line="$(found accounts "$account")"
    [[ $line == *'||Pixel pipeline: '* ]] || continue
    : >"$SCRATCH/is-earlier"
    return 0
  done
  return 1
}

# is_ours OWNER
is_ours() {
  [[ $1 != "$PREFIX" ]] || return 0
  [[ -z $1 ]] && is_earlier
}

# claim WHAT NAME OWNER: stops if it is somebody else's.
claim() {
  is_ours "$3" || die "$1 $2 is there and not of the pipeline $PREFIX ($(of_whom "$3")): nothing was done to it; \
set another PREFIX, or the setting that names it"
}

of_whom() {
  if [[ -n $1 ]]; then printf 'it belongs to pipeline=%s' "$1"; else printf 'it has no label pipeline=%s' "$PREFIX"; fi
}

# spare WHAT NAME OWNER: whether a teardown leaves it, and says so.
spare() {
  ! is_ours "$3" || return 1
  printf '  %s %s stays: it is not of the pipeline %s (%s).\n' "$1" "$2" "$PREFIX" "$(of_whom "$3")"
}

# claim_all WHAT KIND NAME…: those of them that are there.
claim_all() {
  local what="$1" kind="$2" name line
  shift 2
  for name in "$@"; do
    line="$(found "$kind" "$name")"
    [[ -z $line ]] || claim "$what" "$name" "$(owner "$line")"
  done
}

# claim_everything: before the first change, so that a name which is somebody else's leaves nothing half made.
claim_everything() {
  local kind kinds=(accounts topics subscriptions services)
  ! uses_own_registry || kinds+=(repositories)
  [[ -z $WRITE_KEYS_FILE ]] || kinds+=(secrets)
  for kind in "${kinds[@]}"; do aside listing "$kind" >/dev/null; done
  together
  [[ $ROAD == direct ]] || list_balancer
  # shellcheck disable=SC2046  # names have no spaces
  claim_all account accounts $(stage_accounts)
  # shellcheck disable=SC2046
  claim_all topic topics $(our_topics)
  claim_all subscription subscriptions "$LOGS_PUSH" "$EVENTS_PUSH" "$RAW_ARCHIVE" "$REJECTED_ARCHIVE" "$DEAD_HOLD"
  claim_all service services "$INGEST_SERVICE" "$PARSE_SERVICE" "$LOADER_SERVICE"
  ! uses_own_registry || claim_all 'image repository' repositories "$PREFIX"
  claim_existing_datasets
  for kind in addresses url-maps backend-services backend-buckets; do
    [[ $ROAD == direct ]] || claim_compute "$kind" "$PREFIX"
  done
}

claim_existing_datasets() {
  local name is
  for name in "$DATASET" "$OPS_DATASET"; do
    is="$(bigquery "datasets/$name")"
    [[ -z $is ]] || claim_dataset "$name" "$is"
  done
}
