#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The load balancer's parts: what is there, and whose it is. Sourced.

readonly COMPUTE_KINDS=(
  addresses backend-buckets backend-services network-endpoint-groups url-maps ssl-certificates ssl-policies
  security-policies target-http-proxies target-https-proxies forwarding-rules
)

# list_balancer: BALANCER becomes what is there, as JSON: {"url-maps": [{"name": …}], …}. Read once.
list_balancer() {
  local kind
  for kind in "${COMPUTE_KINDS[@]}"; do aside list_compute "$kind"; done
  together
  BALANCER="$(cat "$SCRATCH"/compute.*.json | jq -sc add)"
}

list_compute() {
  local all
  all="$(look gcloud compute "$1" list --format=json)" || exit 1
  jq -c --arg kind "$1" '{($kind): .}' <<<"${all:-[]}" >"$SCRATCH/compute.$1.json"
}

# item KIND NAME [REGION]: what it is, as JSON; nothing if it is not there.
item() {
  jq -c --arg kind "$1" --arg name "$2" --arg region "${3:-}" \
    'first(.[$kind][]? | select(.name == $name and ($region == "" or ((.region // "") | endswith("/" + $region))))) // empty' <<<"$BALANCER"
}

# compute_owner KIND NAME: by its description; what takes none, or is of an earlier version, by its name and what it
# leads to, down to our service or bucket.
compute_owner() {
  jq -r --arg kind "$1" --arg name "$2" --arg prefix "$PREFIX" --arg service "$INGEST_SERVICE" --arg bucket "$BUCKET" '
    def last_of: (. // "") | split("/") | last;
    . as $all |
    def ours($kind; $name): first($all[$kind][]? | select(.name == $name)) as $one |
      if ($one.description // "") | test("pipeline=") then ($one.description | capture("pipeline=(?<o>[a-z0-9-]+)").o) == $prefix
      elif $kind == "forwarding-rules" then
        ($one.target | last_of) as $to | ($to | startswith($prefix + "-http")) and
        ours((if $one.target | test("targetHttps") then "target-https-proxies" else "target-http-proxies" end); $to)
      elif $kind | startswith("target-") then ($one.urlMap | last_of) as $to | ours("url-maps"; $to)
      elif $kind == "url-maps" then ($one.defaultService | last_of) as $to |
        if $one.defaultService // "" | test("backendBuckets") then ours("backend-buckets"; $to) else ours("backend-services"; $to) end
      elif $kind == "backend-buckets" then $one.bucketName == $bucket
      elif $kind == "backend-services" then $name == $prefix and ([$one.backends[]?.group | last_of] |
        all(. == $prefix or startswith($prefix + "-"))) and ($one.backends // [] | length > 0)
      elif $kind == "network-endpoint-groups" then $one.cloudRun.service // "" | IN($service, "pixel-ingest")
      elif $kind == "addresses" then any($all["forwarding-rules"][]?; .IPAddress == $one.address and ours("forwarding-rules"; .name))
      elif $kind == "ssl-certificates" then any($all["target-https-proxies"][]?;
        (.sslCertificates // [] | map(last_of) | any(. == $name)) and ours("target-https-proxies"; .name))
      else false end;
    first(.[$kind][]? | select(.name == $name)) as $one |
    if ($one.description // "") | test("pipeline=") then ($one.description | capture("pipeline=(?<o>[a-z0-9-]+)").o)
    elif ours($kind; $name) then $prefix else "" end' <<<"$BALANCER"
}

# claim_compute KIND NAME: stops if it is there and somebody else's.
claim_compute() {
  local owner
  [[ -n $(item "$1" "$2") ]] || return 0
  owner="$(compute_owner "$1" "$2")"
  [[ $owner == "$PREFIX" ]] || die "${1%s} $2 is there and not of the pipeline $PREFIX ($(of_whom "$owner")): nothing was done to it; set another PREFIX"
}

# ensure_compute KIND NAME FLAG…
ensure_compute() {
  claim_compute "$1" "$2"
  [[ -n $(item "$1" "$2") ]] || run gcloud compute "$1" create "${@:2}" "--description=pipeline=$PREFIX"
}

# remove_compute KIND NAME FLAG…: if it is there, and ours.
remove_compute() {
  [[ -n $(item "$1" "$2") ]] || return 0
  local owner
  owner="$(compute_owner "$1" "$2")"
  if [[ $owner == "$PREFIX" ]]; then
    run gcloud compute "$1" delete "${@:2}"
  else
    printf '  %s %s stays: it is not of the pipeline %s (%s).\n' "${1%s}" "$2" "$PREFIX" "$(of_whom "$owner")"
  fi
}
