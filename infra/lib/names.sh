#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The names of everything that is deployed, from the settings. Sourced.
# shellcheck disable=SC2034  # its variables are for who sources it

derive_settings() {
  BUCKET="${BUCKET:-$PROJECT-$PREFIX}"
  [[ ${#BUCKET} -le 63 ]] || wrong BUCKET 'PROJECT-PREFIX is longer than the 63 characters of a bucket name: name one'
  BUILD_BUCKET="${BUCKET:0:57}-build"
  # What records a hit on this road, whatever INGEST_MODE would be on another.
  case "$ROAD" in
    direct) INGEST_MODE=publish ;;
    bucket) INGEST_MODE=log ;;
  esac

  LOGS_TOPIC=$PREFIX-logs
  EVENTS_TOPIC=$PREFIX-events
  REJECTED_TOPIC=$PREFIX-rejected
  DEAD_TOPIC=$PREFIX-dead-letters
  LOGS_PUSH=$LOGS_TOPIC-push
  EVENTS_PUSH=$EVENTS_TOPIC-push
  RAW_ARCHIVE=$LOGS_TOPIC-archive
  REJECTED_ARCHIVE=$REJECTED_TOPIC-archive
  DEAD_HOLD=$DEAD_TOPIC-hold
  SINK=$PREFIX-hits
  WRITE_KEYS=$PREFIX-write-keys

  INGEST_SERVICE=$PREFIX-ingest
  PARSE_SERVICE=$PREFIX-parse
  LOADER_SERVICE=$PREFIX-loader
  # Where the collector runs, and messages may rest: a sorted list with commas.
  MESSAGE_REGIONS="$(ingest_regions | sort -u | paste -sd , -)"

  local domain=$PROJECT.iam.gserviceaccount.com
  INGEST_ACCOUNT=$PREFIX-ingest@$domain
  PARSE_ACCOUNT=$PREFIX-parse@$domain
  LOADER_ACCOUNT=$PREFIX-loader@$domain
  PUSH_ACCOUNT=$PREFIX-push@$domain
  # Only where Cloud Build builds.
  BUILD_ACCOUNT=$PREFIX-build@$domain
  # Only with WEEKLY_REBUILD.
  IMAGES_ACCOUNT=$PREFIX-images@$domain

  REGISTRY=$REGION-docker.pkg.dev/$PROJECT/$PREFIX
  IMAGE_TAG="${IMAGE_TAG:-$(commit_tag)}"
  IMAGE_PIXEL_INGEST="${IMAGE_PIXEL_INGEST:-$REGISTRY/pixel-ingest:$IMAGE_TAG}"
  IMAGE_LOG_PARSE="${IMAGE_LOG_PARSE:-$REGISTRY/log-parse:$IMAGE_TAG}"
  IMAGE_BQ_LOADER="${IMAGE_BQ_LOADER:-$REGISTRY/bq-loader:$IMAGE_TAG}"
}

# ingest_regions: REGION, and those of INGEST_REGIONS, a line each.
ingest_regions() {
  printf '%s\n' "$REGION"
  [[ -z $INGEST_REGIONS ]] || tr ',' '\n' <<<"$INGEST_REGIONS"
}

commit_tag() { git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null || echo latest; }

# read_project: its number is part of addresses and of Google's own accounts in it.
read_project() {
  NUMBER="$(look gcloud projects describe "$PROJECT" --format='value(projectNumber)')"
  [[ $NUMBER =~ ^[0-9]+$ ]] || die "there is no project $PROJECT that your account can see: gcloud auth list"
  PARSE_URL="$(service_url "$PARSE_SERVICE")"
  LOADER_URL="$(service_url "$LOADER_SERVICE")"
  PUBSUB_AGENT=serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com
}

# The address that Cloud Run gives a service: known before there is one, so that one pass is enough.
service_url() { printf 'https://%s-%s.%s.run.app' "$1" "$NUMBER" "$REGION"; }

# pixel_base: where the pixel is served, without path.
pixel_base() {
  if [[ -n $DOMAIN ]]; then
    printf 'https://%s' "${DOMAIN%%,*}"
  elif [[ $ROAD == direct ]]; then
    service_url "$INGEST_SERVICE"
  else
    printf 'http://%s' "$(balancer_address)"
  fi
}

balancer_address() { look gcloud compute addresses describe "$PREFIX" --global --format='value(address)'; }

pixel_paths() { tr ',' '\n' <<<"$PIXEL_PATHS"; }
