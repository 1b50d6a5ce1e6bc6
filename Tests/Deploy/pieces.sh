#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/pieces.sh
#
# Pieces of the scripts by themselves: an image with two tags, the table that a test's row goes to, what is printed, the list of
# what is in an image, the weekly build, the workflow for GitHub.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

# within COMMAND…: in a shell that has the scripts' libraries and a configuration.
within() {
  # shellcheck disable=SC2016  # another shell's dollars
  bash -euc 'source "$0/scripts/lib.sh"; source "$ROOT/infra/lib/load.sh"; source "$ROOT/infra/lib/suffix.sh"
    load_settings; load_parts; NUMBER=1; "$@"' "$ROOT" "$@"
}

is() {
  local said
  said="$("${@:2}")" || return 1
  [[ $said == "$1" ]] || { printf 'not "%s" but "%s"\n' "$1" "$said"; return 1; }
}

tags() {
  local image=europe-west1-docker.pkg.dev/p/pixel/log-parse list
  for list in '["c1","c2"]' '"c1,c2"' '"c1, c2"' '"c1;c2"'; do
    is sha256:1 within digest_of "$image:c2" "[{\"package\": \"$image\", \"tags\": $list, \"version\": \"sha256:1\"},
      {\"package\": \"$image\", \"tags\": [\"c22\"], \"version\": \"sha256:2\"}]" || return 1
  done
  is '' within digest_of "$image:c3" "[{\"package\": \"$image\", \"tags\": [\"c1\"], \"version\": \"sha256:1\"}]"
}

# The figures of the groups are the loader's: TemplateSuffix makes them of a SHA-256.
suffixes() {
  is _10 within table_of '_{bucket:user_id:16}' UTC user_id=u1 &&
    is _a_test within table_of '_{user_id}_{type}' UTC user_id=a type=test &&
    is "_$(date -u +%Y%m%d)" within table_of '_{date}' UTC &&
    is "_x_$(TZ=XXX-14 date +%Y%m%d%H)" within table_of '_{user_id}_{hour}' XXX-14 user_id=x &&
    is '' within table_of '' UTC &&
    ! within table_of '_{host}' UTC user_id=x
}

# SPDX 2.3 wants these of a document and of each package; each package is CONTAINED once.
contents() {
  mkdir -p "$WORK/curl"
  printf 'curl=7.88.1-10+deb12u14 libssl-dev=3' >"$WORK/curl/version"
  "$ROOT/infra/images/sbom.sh" "$WORK/curl" log-parse >"$WORK/sbom.json"
  jq -e '.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT" and (.name | length > 0)
    and (.documentNamespace | startswith("https://")) and (.creationInfo | .created and (.creators | length > 0))
    and (.packages | length >= 3 and all(.[]; .SPDXID and .name and .downloadLocation)) and ([.packages[].SPDXID] | length == (unique | length))
    and any(.packages[]; .name == "curl" and .versionInfo == "7.88.1-10+deb12u14")
    and ((.packages | length) == (.relationships | length))' "$WORK/sbom.json" >/dev/null || { cat "$WORK/sbom.json"; return 1; }
  "$ROOT/infra/images/sbom.sh" "$WORK/curl" log-parse | cmp - "$WORK/sbom.json"
}

# The build that Cloud Scheduler starts is one that Cloud Build's description takes; its scripts are ones that a shell takes.
weekly() {
  within weekly_build weekly/abc.tgz >"$WORK/build.json"
  jq -e '.serviceAccount and .logsBucket and .options.logging == "GCS_ONLY" and .source.storageSource.object == "weekly/abc.tgz"' "$WORK/build.json" >/dev/null
  jq -r '.steps[0].script' "$WORK/build.json" | sh -n
  jq -r '.steps[1].script' "$WORK/build.json" | sh -n
  [[ $(jq -r '.steps[].script' "$WORK/build.json" | grep -cE '^(docker (build|push)|gcloud run services update)') -eq 12 ]]
}

# workflow: GitHub's recipe is YAML, asks for a token and no key, and runs what is there.
workflow() {
  local venv file="$ROOT/infra/runbook/github-actions.yaml" script
  venv="$(python_packages pyyaml pyyaml==6.0.2)" || { say 'SKIPPED: pyyaml could not be had from PyPI'; return 0; }
  "$venv/bin/python" - "$file" <<'PYTHON'
import sys, yaml
flow = yaml.safe_load(open(sys.argv[1]))
job = flow["jobs"]["deploy"]
assert flow["permissions"] == {"contents": "read", "id-token": "write"}, flow["permissions"]
assert flow[True]["schedule"][0]["cron"], "no schedule"
uses = [step["uses"] for step in job["steps"] if "uses" in step]
assert all("@" in one for one in uses), uses
auth = next(step for step in job["steps"] if step.get("uses", "").startswith("google-github-actions/auth@"))
assert "workload_identity_provider" in auth["with"] and "credentials_json" not in auth["with"], auth
PYTHON
  while read -r script; do [[ -x $ROOT/$script ]] || { echo "$script is not there"; return 1; }; done < <(grep -oE 'scripts/[a-z-]+\.sh' "$file")
}

# Each alert names its page, and each page that is named is there.
pages() {
  local file page
  for file in "$ROOT"/infra/alerts/*.json; do
    # shellcheck disable=SC2016  # another file's dollar
    page="$(jq -r .documentation.content <<<"$(sed 's/\${REJECTIONS_BELOW}/1/' "$file")" | grep -oE 'infra/runbook/[a-z-]+\.md')"
    [[ -f $ROOT/$page ]] || { echo "$file names no page that is there"; return 1; }
    grep -q "(${page##*/})" "$ROOT/infra/runbook/README.md" || { echo "the runbook has no line for $page"; return 1; }
  done
}

main() {
  command -v jq >/dev/null || { say 'SKIPPED: jq is not installed'; return 0; }
  CONFIG="$(config pieces ROAD=direct)"
  export CONFIG
  check 'an image with two tags has its digest by either' tags
  check 'the table of a row is the one that the loader takes' suffixes
  check 'the list of what is in an image is SPDX, and the same again' contents
  check 'the weekly build is whole' weekly
  check "GitHub's workflow has no key, and runs what is there" workflow
  check 'each alert names its page' pages
}

main "$@"
