#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/changes.sh
#
# A changed configuration changes what it is about, once, and one part can be deployed alone.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

deploy=("$ROOT/scripts/deploy.sh")

# holds FILTER VALUE: what jq makes of what there is.
holds() { [[ $(fake changes --dump | jq -r "$1") == "$2" ]]; }

# Secret Manager's content, which fakegcp does not keep.
play_secrets() {
  mkdir -p "$WORK/played"
  cat >"$WORK/played/gcloud" <<SCRIPT
#!/bin/bash
case "\$*" in
  'secrets versions access '*) exec cat "$WORK/secret" ;;
  'secrets versions add '*) for one in "\$@"; do [[ \$one != --data-file=* ]] || cp "\${one#*=}" "$WORK/secret"; done ;;
esac
exec "$(command -v gcloud)" "\$@"
SCRIPT
  chmod +x "$WORK/played/gcloud"
}

# keyed PART… or --expect-unchanged PART…: deploys them with that content; no key is ever printed.
keyed() {
  local said code=0 options=()
  [[ $1 != --expect-unchanged ]] || { options=("$1"); shift; }
  said="$(fake changes "${options[@]}" -- env "PATH=$WORK/played:$PATH" "${deploy[@]}" "$@" 2>&1)" || code=$?
  printf '%s\n' "$said"
  [[ $code -eq 0 && $said != *0123456789* ]]
}

# key_version NUMBER: the one that the service reads.
key_version() {
  holds '[.. | objects | select(.kind? == "Service") | .. | objects | select(.secretKeyRef?) | .secretKeyRef | "\(.name) \(.key)"][0]' "pixel-write-keys $1"
}

write_keys() {
  play_secrets
  printf '0123456789-first\n' >"$WORK/keys"
  CONFIG="$(config keys ROAD=direct "WRITE_KEYS_FILE=$WORK/keys")"
  check 'write keys become a secret' keyed apis accounts secrets services
  check 'its first version is what the collector gets' key_version 1
  check 'which only the collector may read' holds \
    '[.. | objects | select(.role? == "roles/secretmanager.secretAccessor") | .members] | tostring' \
    '[["serviceAccount:pixel-ingest@my-project.iam.gserviceaccount.com"]]'
  check 'and then nothing more' keyed --expect-unchanged secrets services
  printf '0123456789-second\n0123456789-first\n' >"$WORK/keys"
  check 'another key makes another version' keyed secrets services
  check 'which the collector gets' key_version 2
  check 'the two keys are in it, as the program reads them' \
    [ "$(cat "$WORK/secret")" = 0123456789-second,0123456789-first ]
}

# A hand in the console.
by_hand() {
  local address='[.. | objects | select(.kind? == "Service") | .. | objects |
    select(.name? == "IP_POLICY") | .value] | unique | tostring'
  check 'a service is changed by hand' fake changes -- gcloud run services update pixel-parse \
    --region=europe-west1 --update-env-vars=IP_POLICY=drop
  check 'which shows' holds "$address" '["drop","keep"]'
  check 'deploying again leaves that' keyed --expect-unchanged services
  check 'with --force it is put back' keyed --force services
  check 'and all is as the configuration says' holds "$address" '["keep"]'
}

main() {
  can_deploy || return 0
  export CONFIG
  CONFIG="$(config changes ROAD=bucket)"
  check 'four parts alone' fake changes -- "${deploy[@]}" apis accounts topics archive
  check 'and nothing more' fake changes --expect-unchanged -- "${deploy[@]}" archive
  CONFIG="$(config changes ROAD=bucket RAW_DAYS=14 MESSAGE_DAYS=3)"
  check 'longer archive, shorter retention' fake changes -- "${deploy[@]}" archive
  check 'the table is kept for 14 days' holds \
    '[.. | objects | select(.tableReference?.tableId == "raw") | .timePartitioning.expirationMs][0]' 1209600000
  check 'the messages for 3' holds '[.. | objects | select(.bigqueryConfig? and (.messageRetentionDuration? == "259200s"))] | length' 2
  check 'and then nothing more' fake changes --expect-unchanged -- "${deploy[@]}" archive
  write_keys
  by_hand
}

main "$@"
