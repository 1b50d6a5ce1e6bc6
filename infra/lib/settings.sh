#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Reads the configuration file and says what is wrong with it, before anything is called. Sourced.
# shellcheck disable=SC2034  # its variables are for who sources it

# Every name that a configuration may have. The file is read, not run.
readonly SETTINGS=(
  PROJECT REGION ROAD INGEST_MODE DOMAIN PIXEL_PATHS TRACKER_PATH EVENTS_PATH PRIVACY_SIGNALS IP_POLICY CONSENT_PARAMETER ALLOWED_ORIGINS
  WRITE_KEYS_FILE BIGQUERY_LOCATION CONTRACT TEMPLATE_SUFFIX TIME_ZONE KNOWN_IDS MOVED_TO
  INGEST_SETTINGS PARSE_SETTINGS LOADER_SETTINGS PREFIX DATASET TABLE OPS_DATASET BUCKET RAW_DAYS REJECTED_DAYS MESSAGE_DAYS MAX_INSTANCES_INGEST
  MAX_INSTANCES_PARSE MAX_INSTANCES_LOADER ALERT_EMAIL NO_HITS_MINUTES REJECTIONS_ALERT BILLING_ACCOUNT
  BUDGET BILLING BILLING_INGEST BILLING_PARSE BILLING_LOADER RATE_LIMIT INGEST_REGIONS KMS_KEY WEEKLY_REBUILD IMAGE_TAG IMAGE_PIXEL_INGEST IMAGE_LOG_PARSE IMAGE_BQ_LOADER
)

# shellcheck source=infra/lib/program-settings.sh
source "$ROOT/infra/lib/program-settings.sh"
# shellcheck source=infra/lib/settings-checks.sh
source "$ROOT/infra/lib/settings-checks.sh"

# load_settings: every setting becomes a variable; those that the file leaves out are the example's.
load_settings() {
  CONFIG="${CONFIG:-$ROOT/infra/config.sh}"
  [[ -f $CONFIG && -r $CONFIG ]] ||
    die "there is no configuration at $CONFIG: copy infra/config.example.sh to infra/config.sh and edit it"
  read_settings "$ROOT/infra/config.example.sh"
  # These three have no default that could be anybody else's.
  unset PROJECT REGION ROAD
  read_settings "$CONFIG"
  check_settings
  derive_settings
}

read_settings() {
  local file="$1" line name value number=0
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    line="${line%$'\r'}"
    [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
    [[ $line =~ ^([A-Z_]+)=(.*)$ ]] || die "$file, line $number is not NAME=value: $line"
    name="${BASH_REMATCH[1]}" value="${BASH_REMATCH[2]}"
    [[ " ${SETTINGS[*]} " == *" $name "* ]] || die "$file, line $number: there is no setting $name"
    value="${value%"${value##*[![:space:]]}"}"
    [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]] && value="${BASH_REMATCH[1]}"
    printf -v "$name" '%s' "$value"
  done <"$file"
}

# wrong NAME ALLOWED: ends with the one sentence that says what is wrong.
wrong() { die "$1 is '${!1:-}' in $CONFIG: $2"; }

# matches NAME REGEX ALLOWED
matches() { [[ ${!1:-} =~ $2 ]] || wrong "$1" "$3"; }

# within NAME LOW HIGH: a whole number.
within() {
  [[ ${!1:-} =~ ^(0|[1-9][0-9]{0,8})$ && ${!1} -ge $2 && ${!1} -le $3 ]] ||
    wrong "$1" "allowed is a whole number from $2 to $3"
}

check_settings() {
  matches PROJECT '^[a-z][a-z0-9-]{4,28}[a-z0-9]$' \
    'allowed is a project ID: 6 to 30 lower-case letters, digits and hyphens'
  matches REGION '^[a-z]+-[a-z]+[0-9]+$' 'allowed is a region as europe-west1'
  matches ROAD '^(service|bucket|direct)$' 'allowed are service, bucket and direct'
  matches INGEST_MODE '^(log|publish)$' 'allowed are log and publish'
  check_domain
  check_places
  check_paths
  matches PRIVACY_SIGNALS '^(honor|drop|ignore)$' 'allowed are honor, drop and ignore'
  matches IP_POLICY '^(keep|truncate|drop)$' 'allowed are keep, truncate and drop'
  matches CONSENT_PARAMETER '^[A-Za-z0-9._-]{1,64}$' 'allowed is the name of a parameter: letters, digits, - . _'
  local origin='https?://[a-z0-9.*:-]+'
  matches ALLOWED_ORIGINS "^([*]|$origin(,$origin)*)\$" 'allowed are *, or origins as https://example.com with commas'
  check_write_keys
  check_contract
  check_suffix
  check_time_zone
  [[ -z $KNOWN_IDS || ($KNOWN_IDS == infra/known-ids && -f $ROOT/$KNOWN_IDS) ]] ||
    wrong KNOWN_IDS 'allowed is infra/known-ids, a file with an id a line, which the image gets, or nothing'
  check_passed_on INGEST_SETTINGS ingest
  check_passed_on PARSE_SETTINGS parse
  check_passed_on LOADER_SETTINGS loader
  [[ -z $INGEST_SETTINGS || $ROAD != bucket ]] || wrong INGEST_SETTINGS 'ROAD=bucket has no PixelIngest: leave it empty'
  [[ $INGEST_SETTINGS != *ID_COOKIE=* || "$ROAD $INGEST_MODE" != 'service log' ]] ||
    wrong INGEST_SETTINGS 'a request log has no cookies: ID_COOKIE needs INGEST_MODE=publish'
  [[ $INGEST_SETTINGS != *ID_COOKIE=* || -n $DOMAIN ]] ||
    wrong INGEST_SETTINGS 'a cookie of run.app or of plain HTTP never comes back with an image: ID_COOKIE needs a DOMAIN of the pages'\'' own site'
  matches PREFIX '^[a-z][a-z0-9-]{1,14}[a-z0-9]$' \
    'allowed are 3 to 16 lower-case letters, digits and hyphens, a letter first'
  [[ $PREFIX != goog* ]] || wrong PREFIX 'names that begin with goog are reserved'
  local name
  # Two pipelines of one project have two pairs of datasets, unless somebody says otherwise.
  DATASET="${DATASET:-${PREFIX//-/_}}" OPS_DATASET="${OPS_DATASET:-${DATASET:-${PREFIX//-/_}}_ops}"
  for name in DATASET TABLE OPS_DATASET; do
    matches "$name" '^[A-Za-z_][A-Za-z0-9_]{0,127}$' 'allowed are up to 128 letters, digits and _, no digit first'
  done
  [[ $DATASET != "$OPS_DATASET" ]] || wrong OPS_DATASET 'it has to be another dataset than DATASET'
  [[ $TABLE != events ]] || wrong TABLE 'the view has that name'
  matches MOVED_TO '^[A-Za-z_][A-Za-z0-9_]{0,127}$|^$' 'allowed are up to 128 letters, digits and _, no digit first, or nothing'
  [[ $MOVED_TO != "$TABLE" && $MOVED_TO != "$TABLE"_* && $MOVED_TO != events ]] ||
    wrong MOVED_TO "it can't be $TABLE or the view events, nor begin with ${TABLE}_, as suffix tables do"
  matches BUCKET '^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$|^$' \
    'allowed are 3 to 63 lower-case letters, digits, _ and -, or nothing'
  [[ $BUCKET != goog* && $BUCKET != *google* ]] || wrong BUCKET 'names with google are reserved'
  within RAW_DAYS 1 3650
  within REJECTED_DAYS 1 3650
  within MESSAGE_DAYS 1 31
  within MAX_INSTANCES_INGEST 1 1000
  within MAX_INSTANCES_PARSE 1 1000
  within MAX_INSTANCES_LOADER 1 1000
  matches ALERT_EMAIL '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$|^$' 'allowed is a mail address, or nothing'
  within NO_HITS_MINUTES 0 1410
  within REJECTIONS_ALERT 1 1000000
  matches BILLING_ACCOUNT '^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$|^$' \
    'allowed is an account as 0X0X0X-0X0X0X-0X0X0X in hex digits, or nothing'
  within BUDGET 1 10000000
  matches BILLING '^(request|instance)$' 'allowed are request and instance'
  for name in BILLING_INGEST BILLING_PARSE BILLING_LOADER; do
    matches "$name" '^(request|instance|)$' 'allowed are request and instance, or nothing, which is as BILLING says'
  done
  matches WEEKLY_REBUILD '^([0-9*/,-]+ [0-9*/,-]+ [0-9*/,-]+ [0-9*/,-]+ [0-7*/,-]+)?$' 'allowed is a crontab time as 0 4 * * 1, or nothing'
  [[ -z $RATE_LIMIT ]] || within RATE_LIMIT 10 1000000
  [[ -z $RATE_LIMIT || $ROAD == service ]] ||
    wrong RATE_LIMIT 'only a load balancer with a service can limit (Cloud Armor): it needs ROAD=service'
  matches IMAGE_TAG '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$|^$' 'allowed is an image tag, or nothing'
  for name in IMAGE_PIXEL_INGEST IMAGE_LOG_PARSE IMAGE_BQ_LOADER; do
    matches "$name" '^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_.-]+)?(@sha256:[0-9a-f]{64})?$|^$' \
      'allowed is an image reference, or nothing'
  done
}
