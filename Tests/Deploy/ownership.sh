#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/ownership.sh
#
# Two pipelines in one project and region: deployed, unchanged by each other, taken down one after the other. And what is
# there and is nobody's of ours: deploy stops before its first change, teardown leaves it, each with a sentence.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

deploy=("$ROOT/scripts/deploy.sh")
teardown=("$ROOT/scripts/teardown.sh" --yes)

# of_pipeline STATE PREFIX: what there is with that prefix's names or label, in one form.
of_pipeline() {
  fake "$1" --dump | jq -S --arg prefix "$2" '(.resources + (.policies | with_entries(.key |= "policy of " + .))) |
    with_entries(select((.key | test("[/@]\($prefix)[-_/@]|/\($prefix)$")) or
      ((.value | tojson) | test("pipeline\"?[=:] ?\"?\($prefix)\"?")))) |
    del(.[] | .etag?, .status?, .metadata?.resourceVersion?)'
}

# everything_says STATE PREFIX: each resource that takes a label or a description says whose it is.
everything_says() {
  local lacking
  lacking="$(fake "$1" --dump | jq -r --arg owner "pipeline=$2" --arg prefix "$2" '.resources | to_entries[] |
    select(.key | test("^(pubsub:.*/(topics|subscriptions)/|run:.*/services/|secretmanager:.*/secrets/[^/]+$|artifactregistry:.*/repositories/[^/]+$|iam:.*/serviceAccounts/|logging:.*/(sinks/[^_]|metrics/)|monitoring:.*/(alertPolicies|uptimeCheckConfigs|notificationChannels|services)/[^/]+$|bigquery:projects/[^/]+/datasets/[^/]+$|compute:)")) |
    select(.key | test("networkEndpointGroups") | not) |
    select((.value.labels.pipeline // .value.metadata.labels.pipeline? // .value.userLabels.pipeline?) != $prefix and
      ((.value.description // "") | contains($owner) | not)) | .key')"
  [[ -z $lacking ]] || { printf 'without a label or description:\n%s\n' "$lacking"; return 1; }
}

two_pipelines() {
  CONFIG="$(config shop ROAD=direct PREFIX=shop)"
  check 'a pipeline' fake two --check -- "${deploy[@]}"
  check 'each of its resources says whose it is' everything_says two shop
  of_pipeline two shop >"$WORK/shop.before"
  CONFIG="$(config stage ROAD=direct PREFIX=stage)"
  check 'a second one in the same project and region' fake two --check -- "${deploy[@]}"
  of_pipeline two shop >"$WORK/shop.after"
  check 'leaves the first one as it was' diff "$WORK/shop.before" "$WORK/shop.after"
  CONFIG="$(config shop ROAD=direct PREFIX=shop)"
  check 'which deploys again unchanged' fake two --expect-unchanged -- "${deploy[@]}"
  of_pipeline two stage >"$WORK/stage.before"
  check 'and is taken down' fake two -- "${teardown[@]}"
  of_pipeline two stage >"$WORK/stage.after"
  check 'without touching the second one' diff "$WORK/stage.before" "$WORK/stage.after"
  CONFIG="$(config stage ROAD=direct PREFIX=stage)"
  check 'which goes as well, and leaves nothing' fake two --expect-empty -- "${teardown[@]}"
}

# foreign: somebody else's things, with names that ours would have.
foreign() {
  local call=(curl -fsS -o /dev/null -H 'Authorization: Bearer any' -H 'Content-Type: application/json')
  "${call[@]}" "$FAKEGCP_URL/bigquery/v2/projects/my-project/datasets" -d '{"datasetReference": {"datasetId": "pixel"}, "location": "EU"}'
  "${call[@]}" "$FAKEGCP_URL/bigquery/v2/projects/my-project/datasets/pixel/tables" \
    -d '{"tableReference": {"datasetId": "pixel", "tableId": "finance_ledger"}, "schema": {"fields": [{"name": "x", "type": "STRING"}]}}'
  "${call[@]}" "$FAKEGCP_URL/v1/projects/my-project/locations/europe-west1/repositories?repositoryId=pixel" -d '{"format": "DOCKER"}'
  "${call[@]}" -X PUT "$FAKEGCP_URL/v1/projects/my-project/topics/pixel-logs" -d '{}'
  gcloud run deploy pixel-loader --image=nginx --region=europe-west1 --quiet
}

# spares NAME: the teardown leaves it and says so.
spares() {
  local said
  said="$(fake foreign --expect-unchanged -- "${teardown[@]}" 2>&1)" || { printf '%s\n' "$said"; return 1; }
  for one in 'Dataset pixel stays' 'Service pixel-loader stays' 'Topic pixel-logs stays' 'Image repository pixel stays'; do
    [[ $said == *"$one"* ]] || { printf 'it did not say "%s" but:\n%s\n' "$one" "$said"; return 1; }
  done
}

# refuses: deploy stops with one sentence, and makes nothing but the APIs' switch.
refuses() {
  local said code=0
  said="$(fake foreign --expect-unchanged -- "${deploy[@]}" 2>&1)" || code=$?
  [[ $code -ne 0 && $said == *'is there and not of the pipeline pixel'* && $said != *'NOT UNCHANGED'* ]] ||
    { printf 'exit code %s:\n%s\n' "$code" "$said"; return 1; }
}

main() {
  [[ ${1:-} != make-foreign ]] || { foreign; return; }
  can_deploy || return 0
  export CONFIG
  two_pipelines
  CONFIG="$(config foreign ROAD=direct)"
  check 'a project with the APIs on' fake foreign -- "${deploy[@]}" apis
  check 'and with things of somebody else' fake foreign -- "$ROOT/Tests/Deploy/ownership.sh" make-foreign
  check 'is refused, before anything is changed' refuses
  check 'and a teardown leaves them all' spares
}

main "$@"
