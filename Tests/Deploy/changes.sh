#!/usr/bin/env bash
# Usage: Tests/Deploy/changes.sh
#
# A changed configuration changes what it is about, once, and one part can be deployed alone.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

deploy=("$ROOT/scripts/deploy.sh")

# holds FILTER VALUE: what jq makes of what there is.
holds() { [[ $(fake changes --dump | jq -r "$1") == "$2" ]]; }

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
}

main "$@"
