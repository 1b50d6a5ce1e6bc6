#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/moves.sh
#
# Changes that must not hurt: a deployment of an earlier version (earlier.json: what commit c1d2dba's scripts made) brought up
# to date; another domain, region, road. All the while the offline Google Cloud looks after each write whether what served
# before it still does, as if hits were sent.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

deploy=("$ROOT/scripts/deploy.sh")

# holds STATE FILTER VALUE: what jq makes of what there is.
holds() {
  local is
  is="$(fake "$1" --dump | jq -c "$2")"
  [[ $is == "$3" ]] || { printf 'it is %s\n' "$is"; return 1; }
}

services='[.resources | to_entries[] | select(.key | test("^run:.*/services/")) | .key | sub("^run:projects/my-project/locations/"; "") | sub("/services/"; " ")] | sort'
certificates='[.resources[] | select(.kind? == "compute#targetHttpsProxy").sslCertificates | length]'
groups='[.resources[] | select(.kind? == "compute#backendService").backends[].group | split("/") | last] | sort'

earlier() {
  mkdir -p "$WORK/earlier"
  cp "$ROOT/Tests/Deploy/earlier.json" "$WORK/earlier/state.json"
  CONFIG="$(config earlier ROAD=service PREFIX=shop)"
  check 'what an earlier version made serves' holds earlier "$services" \
    '["europe-west1 bq-loader","europe-west1 log-parse","europe-west1 pixel-ingest"]'
  check 'it is brought up to date, and serves all the while' fake earlier --check --always-serving -- "${deploy[@]}"
  check 'by services of our own names alone' holds earlier "$services" \
    '["europe-west1 shop-ingest","europe-west1 shop-loader","europe-west1 shop-parse"]'
  check 'and then nothing more' fake earlier --expect-unchanged -- "${deploy[@]}"
}

# A load balancer that is up, with its first certificate.
domains() {
  local parts=(balancer)
  CONFIG="$(config first ROAD=service DOMAIN=a.example.com)"
  check 'a domain' fake moves -- "${deploy[@]}" apis accounts topics services subscriptions balancer
  CONFIG="$(config second ROAD=service DOMAIN=a.example.com,b.example.com)"
  check 'another domain beside it' fake moves --activate-certificates --always-serving -- "${deploy[@]}" "${parts[@]}"
  check 'has both certificates while the new one is made' holds moves "$certificates" '[2]'
  check 'and when it is there' fake moves --activate-certificates --always-serving -- "${deploy[@]}" "${parts[@]}"
  check 'only that' holds moves "$certificates" '[1]'
}

regions() {
  CONFIG="$(config third ROAD=service DOMAIN=a.example.com,b.example.com INGEST_REGIONS=europe-west4)"
  check 'a second region' fake moves --always-serving -- "${deploy[@]}" services balancer
  check 'is a second backend' holds moves "$groups" '["pixel-europe-west1","pixel-europe-west4"]'
  CONFIG="$(config fourth ROAD=service DOMAIN=a.example.com,b.example.com REGION=europe-west3)"
  check 'another region' fake moves --always-serving -- "${deploy[@]}" services subscriptions balancer sink leftovers
  check 'has the only backend' holds moves "$groups" '["pixel-europe-west3"]'
  check 'and the only services' holds moves "$services" \
    '["europe-west3 pixel-ingest","europe-west3 pixel-loader","europe-west3 pixel-parse"]'
}

roads() {
  CONFIG="$(config fifth ROAD=bucket DOMAIN=a.example.com,b.example.com REGION=europe-west3)"
  check 'another road' fake moves --always-serving -- "${deploy[@]}" bucket balancer
  check 'leaves no backend of the old one' holds moves '[.resources[] | select(.kind? == "compute#backendService")] | length' 0
  CONFIG="$(config sixth ROAD=service DOMAIN=a.example.com,b.example.com REGION=europe-west3)"
  check 'and back' fake moves --always-serving -- "${deploy[@]}" balancer
  check 'names the bucket that is left' prints 'scripts/teardown.sh bucket removes it' fake moves -- "${deploy[@]}" leftovers
}

# Requests get what somebody has said by hand, until that is ended.
traffic() {
  local split='[.resources | to_entries[] | select(.key | endswith("/services/pixel-loader")) | .value.spec.traffic[] | .percent] | sort'
  CONFIG="$(config canary ROAD=service DOMAIN=a.example.com,b.example.com REGION=europe-west3 LOADER_SETTINGS=BATCH_ROWS=400)"
  check 'a canary' fake moves -- "${deploy[@]}" --traffic 10 services
  check 'gets a tenth' holds moves "$split" '[10,90]'
  check 'which a deployment leaves, and says' prints 'its traffic is split by hand' fake moves --expect-unchanged -- "${deploy[@]}" services
  check 'the newest gets all' fake moves -- "$ROOT/scripts/rollback.sh" --latest loader
  check 'and then it does' holds moves "$split" '[100]'
  check 'back to the one before' fake moves -- "$ROOT/scripts/rollback.sh" --back loader
  check 'which is another' holds moves '[.resources | to_entries[] | select(.key | endswith("/services/pixel-loader")) |
    .value.spec.traffic[] | has("revisionName")]' '[true]'
}

main() {
  can_deploy || return 0
  export CONFIG
  earlier
  domains
  regions
  roads
  traffic
}

main "$@"
