#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/services.sh
#
# The service files give the programs what these take: each program starts with every setting that a configuration
# can pass on, and each line of its --help is either in its service file, passed on, or known to be none of both.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

# What a configuration has no say in: the platform sets it, the credentials come without it, or the image has no use
# for it (one contract, no zlib). REQUEST_TIMEOUT and DRAIN_TIMEOUT have to fit the services' and Cloud Run's;
# DROPPED_NAMES=attribute is for a laptop.
readonly OUR_OWN=(
  HOST PORT LOG_FORMAT REQUEST_TIMEOUT DRAIN_TIMEOUT SSL_CERT_FILE GOOGLE_APPLICATION_CREDENTIALS GCE_METADATA_HOST
  PUBSUB_EMULATOR_HOST BIGQUERY_EMULATOR_HOST PUSH_JWKS_URL CONTRACT_PARAMETER DROPPED_NAMES
)
readonly EVERY='WORKERS=2 LOG_LEVEL=notice LOG_CALLS=1/100 MAX_BODY_BYTES=1MiB MAX_IN_FLIGHT=500 MAX_BUFFERED_BYTES=64MB'
readonly PUBSUB='PUBSUB_ENDPOINT=https://europe-west1-pubsub.googleapis.com'

# everything: the services of a configuration that says all it can, without asking Google. In a shell of its own.
# shellcheck disable=SC2034,SC2317  # load.sh's functions use them
everything() {
  # shellcheck source=infra/lib/load.sh
  source "$ROOT/infra/lib/load.sh"
  load_settings
  load_parts
  KNOWN_IDS=infra/known-ids PARSE_URL=https://p LOADER_URL=https://l NUMBER=1
  # shellcheck disable=SC2329  # called by what is sourced
  look() { echo 7; }
  describe_services
  local service
  for service in pixel-ingest log-parse bq-loader; do
    render "$ROOT/infra/services/$service.yaml" >"$WORK/$service.yaml"
  done
  printf '%s\n' "${PASSED_ON[@]}" >"$WORK/passed-on"
}

# lines NAME: NAME=value of each environment variable in its service file, as it is on this machine.
lines() {
  sed -n "s/^ *- {name: \([A-Z_]*\), value: '\{0,1\}\([^']*\)'\{0,1\}}\$/\1=\2/p
    s/^ *- {name: \(WRITE_KEYS\), valueFrom: {secretKeyRef: {name: pixel-write-keys, key: '7'}}}\$/\1=0123456789abcdef/p" \
    "$WORK/$1.yaml" |
    sed "s|=/contracts/|=$ROOT/infra/contracts/|; s|=/privacy.json|=$ROOT/infra/privacy.json|; s|=/known-ids|=$WORK/ids|"
}

# starts NAME PROGRAM: it runs until it is told to stop.
starts() {
  local code=0 settings=()
  mapfile -t settings < <(lines "$1")
  [[ ${#settings[@]} -ge 8 && ${#settings[@]} -eq $(grep -c '^ *- {name: ' "$WORK/$1.yaml") ]] ||
    { echo "only ${#settings[@]} lines of its file were read"; return 1; }
  env -i "${settings[@]}" PORT=0 HOST=127.0.0.1 GCE_METADATA_HOST=127.0.0.1:1 K_SERVICE="$1" timeout 1 "$2" || code=$?
  [[ $code -eq 124 ]]
}

# has_a_place NAME PROGRAM: each line of the program's --help is somebody's to set.
has_a_place() {
  local name short="${1#pixel-}" lacking=''
  short="${short#log-}"
  for name in $("$2" --help | sed -n 's/^  \([A-Z_]*\) .*/\1/p'); do
    [[ " ${OUR_OWN[*]} " == *" $name "* ]] || lines "$1" | grep -q "^$name=" || lacking+=" $name"
  done
  while IFS='|' read -r programs name _; do
    [[ " $programs " != *" ${short#bq-} "* ]] || lines "$1" | grep -q "^$name=" || lacking+=" $name (not tried here)"
  done <"$WORK/passed-on"
  [[ -z $lacking ]] || { echo "no place for:$lacking"; return 1; }
}

main() {
  local bin="${PIXEL_BINARIES:-$ROOT/.build/release}" name
  command -v jq >/dev/null || { say 'SKIPPED: jq is not installed'; return 0; }
  [[ -x $bin/pixel-ingest ]] || { say "SKIPPED: the programs are not built in $bin"; return 0; }
  printf 'u1\nu2\n' >"$WORK/ids"
  printf '0123456789abcdef\nfedcba9876543210\n' >"$WORK/keys"
  CONFIG="$(config services ROAD=direct DOMAIN=track.example.com "WRITE_KEYS_FILE=$WORK/keys" TIME_ZONE=Europe/Berlin CONSENT_PARAMETER=ok \
    "INGEST_SETTINGS=$EVERY $PUBSUB PUBLISH_TIMEOUT=1s ID_COOKIE=visitor ID_COOKIE_LIFETIME=720h \
TRACKER_PATH=/t.js EVENTS_PATH=/in/c,/events CONTRACT=/contracts/pixel.json" \
    "PARSE_SETTINGS=$EVERY $PUBSUB TEST_PARAMETER=probe" \
    "LOADER_SETTINGS=$EVERY $PUBSUB BIGQUERY_ENDPOINT=https://bigquery.googleapis.com MAX_NEW_TABLES_PER_HOUR=1000 \
SCHEMA_GRACE=1h BATCH_ROWS=400 BATCH_BYTES=5MB BATCH_LINGER=10ms MAX_INSERTS=16")"
  (everything)
  for name in pixel-ingest log-parse bq-loader; do
    check "$name starts with every setting that can be passed on" starts "$name" "$bin/$name"
    check "$name: each line of its --help has a place" has_a_place "$name" "$bin/$name"
  done
}

main "$@"
