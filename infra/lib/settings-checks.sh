#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks of settings that take more than a pattern. Sourced.

check_contract() {
  local file name other names=''
  CONTRACT="${CONTRACT%/}"
  [[ -e $ROOT/$CONTRACT ]] || wrong CONTRACT "there is no such file in $ROOT"
  matches CONTRACT '^infra/contracts(/[A-Za-z0-9_-]+\.json)?$' \
    'allowed is a .json file in infra/contracts, which is what the image gets, or infra/contracts for all of them'
  for file in $(contract_files); do
    jq -e 'type == "array" and all(.[]; .name and .type)' "$ROOT/$file" >/dev/null 2>&1 ||
      wrong CONTRACT "$(basename "$file") is no BigQuery schema file: a JSON array of columns"
  done
  [[ $CONTRACT == infra/contracts ]] || return 0
  for file in $(contract_files); do names+=" $(basename "$file" .json)"; done
  [[ -n $names ]] || wrong CONTRACT 'there is no .json file in it'
  for name in $names; do
    [[ $name =~ ^[a-z][a-z0-9_]{0,62}$ ]] || wrong CONTRACT "$name is no contract's name: a letter, then up to 62 small letters, digits and _"
    # The view of each contract is events_NAME, and would be one of that contract's tables.
    [[ $name != events ]] || wrong CONTRACT 'a contract events would take the views for its tables: give the file another name'
    for other in $names; do
      [[ $other != "$name"_* ]] || wrong CONTRACT "queries over ${name}_* would take in the tables of $other: give one of the files another name"
    done
  done
  [[ -z $MOVED_TO && $TEMPLATE_SUFFIX =~ (^|_)\{date\}$ ]] ||
    wrong CONTRACT 'a folder needs an empty MOVED_TO and a TEMPLATE_SUFFIX that ends in {date}'
}

# contract_files: relative to the repository, in the order of their names: the first is for hits that name none.
contract_files() {
  if [[ -d $ROOT/$CONTRACT ]]; then
    (cd "$ROOT" && find "$CONTRACT" -maxdepth 1 -name '*.json' | LC_ALL=C sort)
  else
    printf '%s\n' "$CONTRACT"
  fi
}

# contracts: 'TABLE FILE VIEW' of each.
contracts() {
  local file name
  for file in $(contract_files); do
    name="$(basename "$file" .json)"
    if [[ -d $ROOT/$CONTRACT ]]; then printf '%s %s events_%s\n' "$name" "$file" "$name"; else printf '%s %s events\n' "$TABLE" "$file"; fi
  done
}

# The loader checks its pattern in full when it starts; here is what would surprise only then.
check_suffix() {
  local rest="$TEMPLATE_SUFFIX" column groups file
  [[ -z $rest || $rest == _* ]] ||
    wrong TEMPLATE_SUFFIX 'it has to begin with _, or queries over all suffix tables would take in the template'
  local form='^([A-Ya-z0-9_]|\{[A-Za-z_][A-Za-z0-9_]*\}|\{bucket:[A-Za-z_][A-Za-z0-9_]*:[0-9]+\})*$'
  [[ $rest =~ $form ]] ||
    wrong TEMPLATE_SUFFIX 'allowed are {column}, {bucket:column:16}, {date}, {month}, {hour}, letters but Z, digits, _'
  local time='\{(date|month|hour)\}'
  [[ ! $rest =~ \}[A-Za-z0-9]*\{ && (! $rest =~ $time || $rest =~ _$time(_|$)) && ! $rest =~ $time.*$time ]] ||
    wrong TEMPLATE_SUFFIX 'two {…} need a _ between them, and {date}, {month} or {hour} stands once, by itself between underscores'
  while [[ $rest =~ \{(bucket:)?([A-Za-z_][A-Za-z0-9_]*)(:[0-9]+)?\}(.*)$ ]]; do
    column="${BASH_REMATCH[2]}" groups="${BASH_REMATCH[3]#:}" rest="${BASH_REMATCH[4]}"
    [[ -z $groups || ($groups =~ ^[1-9][0-9]{0,3}$ && $groups -ge 2 && $groups -le 1000) ]] ||
      wrong TEMPLATE_SUFFIX 'allowed are 2 to 1000 groups, as {bucket:user_id:16}'
    [[ -z $groups && $column =~ ^(date|month|hour)$ ]] && continue
    for file in $(contract_files); do
      jq -e --arg name "$column" 'any(.[]; .name == $name)' "$ROOT/$file" >/dev/null ||
        wrong TEMPLATE_SUFFIX "the contract has no column $column ($file)"
    done
  done
}

# The keys themselves are never printed.
check_write_keys() {
  [[ -n $WRITE_KEYS_FILE ]] || return 0
  [[ $ROAD != bucket ]] || wrong WRITE_KEYS_FILE 'ROAD=bucket takes no POST: leave it empty'
  # What is elsewhere in the repository could be committed, or sent to a builder.
  [[ $WRITE_KEYS_FILE == infra/write-keys || ($WRITE_KEYS_FILE == /* && $WRITE_KEYS_FILE != "$ROOT"/*) ]] ||
    wrong WRITE_KEYS_FILE 'allowed is infra/write-keys, which git ignores, or a full path outside of the repository'
  [[ $WRITE_KEYS_FILE == /* ]] || WRITE_KEYS_FILE="$ROOT/$WRITE_KEYS_FILE"
  [[ -f $WRITE_KEYS_FILE && -r $WRITE_KEYS_FILE ]] || wrong WRITE_KEYS_FILE 'there is no such file to read'
  if [[ ! -s $WRITE_KEYS_FILE ]] || grep -qvE '^[A-Za-z0-9._~+/=-]{16,}$' "$WRITE_KEYS_FILE"; then
    wrong WRITE_KEYS_FILE 'it has to have a key a line, of 16 letters, digits and ._~+/=- or more'
  fi
}

# A name becomes the rule that this machine has for it: the images have no time zones. BigQuery has their names, and no
# rules: DAYS_IN is for it.
# shellcheck disable=SC2034  # for infra/parts/views.sh
check_time_zone() {
  local file="/usr/share/zoneinfo/$TIME_ZONE" name='(<[A-Za-z0-9+-]{3,8}>|[A-Za-z]{3,8})' at='[+-]?[0-9]{1,3}(:[0-9]{2}){0,2}'
  DAYS_IN=UTC
  [[ $TIME_ZONE != UTC ]] || return 0
  if [[ $TIME_ZONE =~ ^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$ && -f $file ]]; then
    DAYS_IN="$TIME_ZONE" TIME_ZONE="$(tail -n 1 "$file")"
  fi
  matches TIME_ZONE "^$name$at($name($at)?(,[MJ0-9][0-9.]*(/$at)?){2})?\$" \
    'allowed are UTC, a name in /usr/share/zoneinfo as Europe/Berlin, or a rule as CET-1CEST,M3.5.0,M10.5.0/3'
}

# check_domain: one name, or with a load balancer several, which share a certificate.
check_domain() {
  local form='([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}' name
  matches DOMAIN "^($form(,$form){0,14})?\$" 'allowed is a host name as track.example.com, up to 15 with commas, or nothing'
  for name in ${DOMAIN//,/ }; do
    [[ ${#name} -le 64 ]] || wrong DOMAIN "a certificate takes names of up to 64 characters, and $name has ${#name}"
  done
  [[ -n $DOMAIN && $ROAD == direct ]] || return 0
  [[ $DOMAIN != *,* ]] || wrong DOMAIN 'ROAD=direct maps one name: for several take ROAD=service'
  [[ " $MAPPING_REGIONS " == *" $REGION "* ]] ||
    wrong DOMAIN "Cloud Run maps no domains in $REGION and ROAD=direct has no load balancer for it: leave it empty, take ROAD=service, or one of $MAPPING_REGIONS"
}

# Where Cloud Run has domain mappings (https://cloud.google.com/run/docs/mapping-custom-domains).
readonly MAPPING_REGIONS='asia-east1 asia-northeast1 asia-southeast1 europe-north1 europe-west1 europe-west4 us-central1 us-east1 us-east4 us-west1'

# check_places: hits stay on one continent, and a key is where what it locks is.
check_places() {
  local form='[a-z]+-[a-z]+[0-9]+'
  matches INGEST_REGIONS "^($form(,$form){0,9})?\$" 'allowed are up to 10 further regions of the collector with commas, as europe-west4, or nothing'
  [[ -z $INGEST_REGIONS || $ROAD == service ]] || wrong INGEST_REGIONS 'only a load balancer leads to several regions: it needs ROAD=service'
  [[ ,$INGEST_REGIONS, != *",$REGION,"* ]] || wrong INGEST_REGIONS "$REGION is REGION: name further ones"
  matches BIGQUERY_LOCATION '^(EU|US|[a-z]+-[a-z]+[0-9]+)$' 'allowed are EU, US, or a region as europe-west1'
  [[ $(continent "$BIGQUERY_LOCATION") == "$(continent "$REGION")" ]] ||
    wrong BIGQUERY_LOCATION "REGION=$REGION is on another continent, so every hit would leave it: choose one where REGION is"
  matches KMS_KEY '^(projects/[a-z0-9-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]{1,63}/cryptoKeys/[A-Za-z0-9_-]{1,63})?$' \
    'allowed is projects/…/locations/REGION/keyRings/…/cryptoKeys/…, or nothing'
  [[ -n $KMS_KEY ]] || return 0
  [[ $KMS_KEY == */locations/"$REGION"/* ]] || wrong KMS_KEY "it has to be in REGION, $REGION"
  [[ -z $TEMPLATE_SUFFIX ]] ||
    wrong KMS_KEY 'BigQuery refuses queries over many tables that have a key of yours: it needs an empty TEMPLATE_SUFFIX, one table for all'
  [[ $BIGQUERY_LOCATION == "$REGION" ]] || wrong KMS_KEY "a dataset's key is where the dataset is: it needs BIGQUERY_LOCATION=$REGION"
}

# continent PLACE
continent() {
  case "$1" in
    EU) echo europe ;;
    US | us-* | northamerica-*) echo america ;;
    *) echo "${1%%-*}" ;;
  esac
}

# check_paths: pixel, tracker and posts: each path is one thing, and none is what every server answers itself.
check_paths() {
  local name path seen=,
  for name in PIXEL_PATHS TRACKER_PATH EVENTS_PATH; do
    matches "$name" '^(/[A-Za-z0-9._~-]+)+(,(/[A-Za-z0-9._~-]+)+){0,7}$' \
      'allowed are up to 8 paths with commas, as /pixel.png,/pixel.gif'
    for path in $(tr ',' ' ' <<<"${!name}"); do
      [[ ! $path =~ ^/(ready|health|robots\.txt|favicon\.ico)$ ]] || wrong "$name" "$path is answered otherwise: take another path"
      [[ $seen != *",$path,"* ]] || wrong "$name" "$path is there twice, or is another setting's path"
      seen+="$path,"
    done
  done
}
