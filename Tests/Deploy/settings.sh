#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/settings.sh
#
# Every wrong field of a configuration gets one sentence that names it, and nothing is called.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

# Field, wrong value, and what the sentence says.
# shellcheck disable=SC2016  # what is in it must not be expanded
readonly CASES=(
  'PROJECT|Upper-Case|project ID' 'PROJECT||project ID' 'PROJECT|a|project ID' 'PROJECT|$(touch x)|project ID'
  'REGION|europe|region' 'REGION||region' 'ROAD|cdn|service, bucket and direct' 'ROAD||service, bucket and direct'
  'INGEST_MODE|both|log and publish' 'DOMAIN|https://x.example.com|host name' 'DOMAIN|x|host name'
  'PIXEL_PATHS|pixel.png|paths' 'PIXEL_PATHS|/a b|paths' 'PIXEL_PATHS||paths'
  'PIXEL_PATHS|/ready|another path' 'PIXEL_PATHS|/p.gif,/health|another path' 'PIXEL_PATHS|/robots.txt,/p.gif|another path'
  'PIXEL_PATHS|/favicon.ico|another path' 'TRACKER_PATH|p.js|paths' 'TRACKER_PATH||paths' 'TRACKER_PATH|/health|another path'
  'TRACKER_PATH|/pixel.png|another setting' 'EVENTS_PATH|/pixel.png|another setting' 'EVENTS_PATH|/a b|paths' 'EVENTS_PATH|/x,/x|twice'
  'PRIVACY_SIGNALS|maybe|honor, drop and ignore' 'IP_POLICY|hash|keep, truncate' 'ALLOWED_ORIGINS|example.com|origins'
  'CONSENT_PARAMETER|a&b|name of a parameter' 'WRITE_KEYS_FILE|keys|infra/write-keys' 'WRITE_KEYS_FILE|/nowhere/keys|no such file'
  'WRITE_KEYS_FILE|KEYS|a key a line' 'WRITE_KEYS_FILE|infra/contracts/pixel.json|git ignores' 'TIME_ZONE|Berlin|zoneinfo'
  'TIME_ZONE|../../../etc/passwd|zoneinfo' 'KNOWN_IDS|infra/none|infra/known-ids' 'KNOWN_IDS|infra/known-ids|which the image gets'
  'MOVED_TO|a-b|letters, digits and _' 'MOVED_TO|pixel|suffix tables' 'MOVED_TO|pixel_moved|suffix tables' 'MOVED_TO|events|the view'
  'INGEST_SETTINGS|COLOUR=red|there is no setting COLOUR' 'INGEST_SETTINGS|LOG_CALLS|not NAME=value'
  'INGEST_SETTINGS|LOG_CALLS=all LOG_CALLS=1/5|there twice' 'INGEST_SETTINGS|ID_COOKIE=v|INGEST_MODE=publish'
  "INGEST_SETTINGS|ID_COOKIE=a'}|what matches" 'INGEST_SETTINGS|PORT=80|no setting PORT' 'INGEST_SETTINGS|WORKERS=0|from 1 to 64'
  'INGEST_SETTINGS|TRACKER_PATH=t.js|what matches' 'INGEST_SETTINGS|EVENTS_PATH=/a,|what matches'
  'INGEST_SETTINGS|SCHEMA_GRACE=1h|no setting SCHEMA_GRACE' 'PARSE_SETTINGS|LOG_LEVEL=loud|one of debug'
  'PARSE_SETTINGS|PUBSUB_ENDPOINT=http://x|what matches' 'LOADER_SETTINGS|SCHEMA_GRACE=15|a time' 'LOADER_SETTINGS|BATCH_BYTES=9 MB|not NAME=value'
  'LOADER_SETTINGS|BATCH_BYTES=nine|bytes as' 'LOADER_SETTINGS|BATCH_GZIP=on|no setting BATCH_GZIP'
  'BIGQUERY_LOCATION|Europe|EU, US' 'CONTRACT|infra/none.json|no such file' 'CONTRACT|README.md|infra/contracts'
  'TEMPLATE_SUFFIX|_{no_such_column}|no column no_such_column' 'TEMPLATE_SUFFIX|_{user_id|{column}'
  'TEMPLATE_SUFFIX|_Z{date}|letters but Z' 'TEMPLATE_SUFFIX|{date}|begin with _'
  'TEMPLATE_SUFFIX|_{bucket:user_id:1}|2 to 1000' 'TEMPLATE_SUFFIX|_{bucket:user_id:1001}|2 to 1000'
  'TEMPLATE_SUFFIX|_{user_id}x{type}|need a _' 'TEMPLATE_SUFFIX|_x{date}|by itself' 'TEMPLATE_SUFFIX|_{date}_{hour}|stands once'
  'PREFIX|P|lower-case' 'PREFIX|google|reserved' 'DATASET|a-b|letters, digits and _' 'TABLE|1x|letters, digits and _'
  'TABLE|events|the view' 'OPS_DATASET|pixel|another dataset' 'BUCKET|UPPER|lower-case' 'BUCKET|my-google-x|reserved'
  'RAW_DAYS|0|from 1 to 3650' 'RAW_DAYS|x|from 1 to 3650' 'REJECTED_DAYS|-1|from 1 to 3650' 'MESSAGE_DAYS|32|from 1 to 31'
  'MAX_INSTANCES_INGEST|0|from 1' 'MAX_INSTANCES_PARSE|1.5|from 1' 'MAX_INSTANCES_LOADER|1001|to 1000'
  'ALERT_EMAIL|nobody|mail address' 'NO_HITS_MINUTES|1411|to 1410' 'REJECTIONS_ALERT|0|from 1'
  'BILLING|hour|request and instance' 'BILLING||request and instance' 'BILLING_INGEST|none|request and instance'
  'BILLING_PARSE|x|request and instance' 'BILLING_LOADER|Instance|request and instance' 'RATE_LIMIT|9|from 10' 'WEEKLY_REBUILD|weekly|crontab' 'RATE_LIMIT|x|from 10'
  'INGEST_REGIONS|europe|regions' 'INGEST_REGIONS|europe-west1|is REGION' 'KMS_KEY|mine|projects/' 'BIGQUERY_LOCATION|US|another continent'
  'BIGQUERY_LOCATION|asia-east1|another continent'
  'KMS_KEY|projects/p/locations/europe-west4/keyRings/r/cryptoKeys/k|REGION' 'KMS_KEY|projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k|TEMPLATE_SUFFIX'
  'DOMAIN|a.example.com,b|host name' 'DOMAIN|LONG.example.com|64 characters'
  'BILLING_ACCOUNT|123|account' 'BUDGET|0|from 1' 'IMAGE_TAG|a b|image tag' 'IMAGE_PIXEL_INGEST|Not An Image|image reference'
  'IMAGE_LOG_PARSE|x|image reference' 'IMAGE_BQ_LOADER|a/b@sha256:1|image reference'
)

# A gcloud and a bq that only say that they were called.
make_stubs() {
  local name
  mkdir -p "$WORK/bin"
  for name in gcloud bq curl; do
    printf '#!/bin/sh\necho "%s $*" >>"%s/called"\nexit 1\n' "$name" "$WORK" >"$WORK/bin/$name"
    chmod +x "$WORK/bin/$name"
  done
}

# refused FILE TEXT NAME: exit code 2, one line on stderr with both, no call.
refused() {
  local said code=0
  said="$(CONFIG="$1" PATH="$WORK/bin:$PATH" "${TREE:-$ROOT}/scripts/deploy.sh" --dry-run 2>&1)" || code=$?
  [[ $code -eq 2 ]] || { printf 'exit code %s: %s\n' "$code" "$said"; return 1; }
  [[ $(wc -l <<<"$said") -eq 1 && $said == *"$2"* && $said == *"$3"* ]] ||
    { printf 'it said: %s\n' "$said"; return 1; }
  [[ ! -e $WORK/called ]] || { printf 'it called: '; cat "$WORK/called"; return 1; }
}

# folders FILE: contracts that can't be beside each other, in a copy of the tree.
folders() {
  local -x TREE="$WORK/tree"
  mkdir -p "$TREE"
  cp -r "$ROOT/infra" "$ROOT/scripts" "$TREE/"
  printf 'PROJECT=my-project\nREGION=europe-west1\nROAD=direct\nCONTRACT=infra/contracts\n' >"$1"
  cp "$TREE/infra/contracts/pixel.json" "$TREE/infra/contracts/pixel_app.json"
  refused "$1" CONTRACT 'the tables of pixel_app' || return 1
  mv "$TREE/infra/contracts/pixel_app.json" "$TREE/infra/contracts/events.json"
  refused "$1" CONTRACT 'the views' || return 1
  mv "$TREE/infra/contracts/events.json" "$TREE/infra/contracts/Shop.json"
  refused "$1" CONTRACT "no contract's name" || return 1
  mv "$TREE/infra/contracts/Shop.json" "$TREE/infra/contracts/shop.json"
  printf 'TEMPLATE_SUFFIX=_{date}_{user_id}\n' >>"$1"
  refused "$1" CONTRACT 'ends in {date}' || return 1
  printf 'PROJECT=my-project\nREGION=europe-west1\nROAD=direct\nCONTRACT=infra/contracts\n' >"$1"
  # Beside each other is fine: then it goes on to its first call.
  ! refused "$1" CONTRACT x >"$WORK/why" && grep -q 'gcloud projects describe' "$WORK/called" && rm "$WORK/called"
}

main() {
  command -v jq >/dev/null || { say 'SKIPPED: jq is not installed'; return 0; }
  make_stubs
  printf 'short\n' >"$WORK/keys"
  local one name value text file fields failed=0
  for one in "${CASES[@]}"; do
    IFS='|' read -r name value text <<<"$one"
    value="${value/#KEYS/"$WORK/keys"}"
    value="${value/#LONG/$(printf 'x%.0s' {1..54})}"
    fields+=" $name"
    file="$WORK/wrong.sh"
    grep -v "^$name=" "$ROOT/infra/config.example.sh" >"$file"
    printf '%s=%s\n' "$name" "$value" >>"$file"
    refused "$file" "$text" "$name" >"$WORK/why" || { say "  FAILED: $name=$value: $(cat "$WORK/why")"; failed=1; }
  done
  # A field without a case here would be one without a check.
  while read -r name; do
    [[ " $fields " == *" $name "* ]] || { say "  FAILED: no wrong $name was tried"; failed=1; }
  done < <(sed -n 's/^\([A-Z_]*\)=.*/\1/p' "$ROOT/infra/config.example.sh")
  printf 'PROJECT=my-project\nREGION=europe-west1\nROAD=direct\nCOLOUR=red\n' >"$file"
  refused "$file" COLOUR 'no setting' || failed=1
  printf 'PROJECT=my-project\nrm -rf /\n' >"$file"
  refused "$file" 'line 2' NAME=value || failed=1
  printf 'REGION=europe-west1\nROAD=direct\n' >"$file"
  refused "$file" PROJECT 'project ID' || failed=1
  refused "$WORK/none.sh" "$WORK/none.sh" config.example.sh || failed=1
  printf 'PROJECT=my-project\nREGION=europe-west1\nROAD=direct\nDOMAIN=x.example.com\n' >"$file"
  sed -i 's/europe-west1/europe-west9/' "$file"
  refused "$file" DOMAIN 'no load balancer' || failed=1
  printf 'PROJECT=my-project\nREGION=europe-west1\nROAD=direct\nDOMAIN=x.example.com,y.example.com\n' >"$file"
  refused "$file" DOMAIN 'maps one name' || failed=1
  printf 'PROJECT=my-project\nREGION=europe-west1\nROAD=direct\nINGEST_SETTINGS=ID_COOKIE=visitor\n' >"$file"
  refused "$file" INGEST_SETTINGS 'needs a DOMAIN' || failed=1
  printf 'PROJECT=my-project\nREGION=europe-west1\nROAD=direct\nRATE_LIMIT=600\n' >"$file"
  refused "$file" RATE_LIMIT 'ROAD=service' || failed=1
  printf 'PROJECT=my-project\nREGION=europe-west1\nROAD=bucket\nINGEST_REGIONS=europe-west4\n' >"$file"
  refused "$file" INGEST_REGIONS 'ROAD=service' || failed=1
  folders "$file" || failed=1
  [[ $failed -eq 0 ]] || exit 1
  say "  ${#CASES[@]} wrong values and 13 wrong files: one sentence each, and no call"
}

main "$@"
