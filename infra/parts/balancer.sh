# SPDX-License-Identifier: MIT
# Unless ROAD=direct: addresses, load balancer, and a certificate when there is a domain.
# shellcheck shell=bash
# shellcheck disable=SC2153  # REGION is a setting

part_balancer() {
  if [[ $ROAD == direct ]]; then
    [[ -z $DOMAIN ]] || ensure_domain_mapping
    return 0
  fi
  [[ -n ${BALANCER:-} ]] || list_balancer
  aside ensure_compute addresses "$PREFIX" --global --ip-version=IPV4
  aside ensure_compute addresses "$PREFIX-6" --global --ip-version=IPV6
  if [[ -n $DOMAIN ]]; then
    aside ensure_compute ssl-certificates "$(certificate)" "--domains=$DOMAIN" --global
    aside ensure_compute ssl-policies "$PREFIX" --profile=MODERN --min-tls-version=1.2 --global
    aside ensure_redirect
  fi
  if [[ $ROAD == bucket ]]; then aside ensure_backend_bucket; else aside ensure_backend_service; fi
  together
  local backend=("--default-service=$PREFIX") plain="$PREFIX"
  [[ $ROAD == service ]] || backend=("--default-backend-bucket=$PREFIX")
  ensure_url_map "${backend[@]}"
  # With a certificate nothing is served in clear: the redirect keeps path and query, and is no hit.
  [[ -z $DOMAIN ]] || plain="$PREFIX-redirect"
  aside ensure_front http 80 "$plain"
  [[ -z $DOMAIN ]] || aside ensure_front https 443 "$PREFIX" "--ssl-certificates=$(certificate)" --quic-override=ENABLE "--ssl-policy=$PREFIX"
  together
  [[ -z $DOMAIN ]] || renew_certificates
  end_old_backends
}

# Another ROAD has another backend: the map leads there at once, and the old one is named or goes.
ensure_url_map() {
  local is wanted
  is="$(item url-maps "$PREFIX")"
  if [[ -z $is ]]; then
    ensure_compute url-maps "$PREFIX" "$@"
    return
  fi
  claim_compute url-maps "$PREFIX"
  wanted="$([[ $ROAD == bucket ]] && echo backendBuckets || echo backendServices)/$PREFIX"
  [[ $(jq -r .defaultService <<<"$is") == */"$wanted" ]] || run gcloud compute url-maps set-default-service "$PREFIX" --global "$@"
}

ensure_redirect() {
  claim_compute url-maps "$PREFIX-redirect"
  [[ -z $(item url-maps "$PREFIX-redirect") ]] || return 0
  printf 'name: %s\ndescription: pipeline=%s\ndefaultUrlRedirect:\n  httpsRedirect: true\n  stripQuery: false\n  redirectResponseCode: %s\n' \
    "$PREFIX-redirect" "$PREFIX" PERMANENT_REDIRECT >"$SCRATCH/redirect.yaml"
  run gcloud compute url-maps import "$PREFIX-redirect" "--source=$SCRATCH/redirect.yaml" --global
}

ensure_backend_bucket() {
  local verb=create is
  claim_compute backend-buckets "$PREFIX"
  is="$(item backend-buckets "$PREFIX" | jq -r '"\(.bucketName) \(.enableCdn) \(.cdnPolicy.cacheMode) \(.cdnPolicy.defaultTtl) \(.cdnPolicy.clientTtl)"')"
  [[ -z $is ]] || verb=update
  # The edge answers, browsers keep nothing: every view is a request, and every request is logged.
  [[ $is == "$BUCKET true FORCE_CACHE_ALL 86400 0" ]] ||
    run gcloud compute backend-buckets "$verb" "$PREFIX" "--gcs-bucket-name=$BUCKET" --enable-cdn \
      --cache-mode=FORCE_CACHE_ALL --default-ttl=86400 --client-ttl=0 "--description=pipeline=$PREFIX"
}

ensure_backend_service() {
  local is region name logging wanted
  # In log mode the log is the record, and a sample rate below 1 would lose hits for good. Else nobody reads it, and it
  # would keep every visitor's address and URL.
  logging=(--enable-logging --logging-sample-rate=1.0) wanted='true 1'
  [[ $INGEST_MODE == log ]] || { logging=(--no-enable-logging); wanted=false; }
  claim_compute backend-services "$PREFIX"
  is="$(item backend-services "$PREFIX")"
  if [[ -z $is ]]; then
    run gcloud compute backend-services create "$PREFIX" --global --load-balancing-scheme=EXTERNAL_MANAGED "${logging[@]}" \
      "--description=pipeline=$PREFIX"
  elif [[ $(jq -r '"\(.logConfig.enable // false) \(.logConfig.sampleRate // "")"' <<<"$is") != "$wanted"* ]]; then
    run gcloud compute backend-services update "$PREFIX" --global "${logging[@]}"
  fi
  # Those of the regions that serve come first, those of others go when they are there.
  for region in $(ingest_regions); do ensure_backend "$region" "$is"; done
  for name in $(jq -r '.backends[]?.group | capture("regions/(?<r>[^/]+)/networkEndpointGroups/(?<n>[^/]+)") | "\(.r)/\(.n)"' <<<"${is:-{\}}"); do
    region="${name%%/*}" name="${name#*/}"
    if [[ $name == "$PREFIX-$region" ]] && has "$(ingest_regions)" "$region"; then continue; fi
    run gcloud compute backend-services remove-backend "$PREFIX" --global "--network-endpoint-group=$name" \
      "--network-endpoint-group-region=$region"
    run gcloud compute network-endpoint-groups delete "$name" "--region=$region"
  done
  ensure_rate_limit "$is"
}

# ensure_backend REGION IS: the collector there, behind the load balancer.
ensure_backend() {
  local name="$PREFIX-$1"
  if [[ -z $(item network-endpoint-groups "$name" "$1") ]]; then
    run gcloud compute network-endpoint-groups create "$name" "--region=$1" --network-endpoint-type=serverless \
      "--cloud-run-service=$INGEST_SERVICE"
  elif [[ $(item network-endpoint-groups "$name" "$1" | jq -r '.cloudRun.service // ""') != "$INGEST_SERVICE" ]]; then
    die "network endpoint group $name is there and leads to another service than $INGEST_SERVICE: nothing was done to it"
  fi
  [[ $2 == *"/regions/$1/networkEndpointGroups/$name\""* ]] ||
    run gcloud compute backend-services add-backend "$PREFIX" --global \
      "--network-endpoint-group=$name" "--network-endpoint-group-region=$1"
}

# ensure_rate_limit IS: at most RATE_LIMIT requests a minute of one address; what is above gets a 429, and costs neither
# the collector nor what comes after it.
ensure_rate_limit() {
  local policy is="${1:-{\}}" rule=(--src-ip-ranges='*' --action=throttle "--rate-limit-threshold-count=$RATE_LIMIT"
    --rate-limit-threshold-interval-sec=60 --conform-action=allow --exceed-action=deny-429 --enforce-on-key=IP)
  policy="$(item security-policies "$PREFIX")"
  if [[ -z $RATE_LIMIT ]]; then
    [[ $(jq -r '.securityPolicy // ""' <<<"$is") != */"$PREFIX" ]] || run gcloud compute backend-services update "$PREFIX" --global --security-policy=
    [[ -z $policy ]] || remove_compute security-policies "$PREFIX"
    return 0
  fi
  ensure_compute security-policies "$PREFIX"
  is_limit="$(jq -r 'first(.rules[]? | select(.priority == 1000) | .rateLimitOptions.rateLimitThreshold.count) // ""' <<<"${policy:-{\}}")"
  if [[ -z $is_limit ]]; then
    run gcloud compute security-policies rules create 1000 "--security-policy=$PREFIX" "${rule[@]}"
  elif [[ $is_limit != "$RATE_LIMIT" ]]; then
    run gcloud compute security-policies rules update 1000 "--security-policy=$PREFIX" "${rule[@]}"
  fi
  [[ $(jq -r '.securityPolicy // ""' <<<"$is") == */"$PREFIX" ]] ||
    run gcloud compute backend-services update "$PREFIX" --global "--security-policy=$PREFIX"
}

# A certificate's domains can't change: others get another name.
certificate() { printf '%s-%s' "$PREFIX" "$(fingerprint 8 <<<"$DOMAIN")"; }

# ensure_front PROTOCOL PORT MAP FLAG…: a proxy, and for each kind of address the rule that sends it requests.
ensure_front() {
  local name="$PREFIX-$1" protocol="$1" port="$2" map="$3" is six
  shift 3
  is="$(item "target-$protocol-proxies" "$name")"
  ensure_compute "target-$protocol-proxies" "$name" "--url-map=$map" "$@"
  if [[ -n $is && $(jq -r .urlMap <<<"$is") != */"$map" ]]; then
    run gcloud compute "target-$protocol-proxies" update "$name" "--url-map=$map"
  fi
  if [[ -n $is && $protocol == https && $(jq -r '.sslPolicy // ""' <<<"$is") != */"$PREFIX" ]]; then
    run gcloud compute target-https-proxies update "$name" "--ssl-policy=$PREFIX"
  fi
  for six in '' -6; do
    ensure_compute forwarding-rules "$name$six" --global --load-balancing-scheme=EXTERNAL_MANAGED \
      "--address=$PREFIX$six" "--target-$protocol-proxy=$name" "--ports=$port"
  done
}

# renew_certificates: for other domains the certificate before stays beside the new one until that is active, which takes
# an hour and its DNS.
renew_certificates() {
  local is now wanted name
  is="$(item target-https-proxies "$PREFIX-https" | jq -r '[.sslCertificates[]? | split("/") | last] | join(",")')"
  [[ -n $is ]] || return 0
  wanted="$(certificate)"
  if [[ $(item ssl-certificates "$wanted" | jq -r '.managed.status // ""') == ACTIVE ]]; then
    now="$wanted"
  else
    now="$wanted$(tr ',' '\n' <<<"$is" | { grep -vFx -- "$wanted" || true; } | head -n 14 | sed 's/^/,/' | tr -d '\n')"
  fi
  [[ $is == "$now" ]] || run gcloud compute target-https-proxies update "$PREFIX-https" "--ssl-certificates=$now"
  [[ $now == "$wanted" ]] || printf '  The certificate before serves until %s is active, which takes its DNS and up to an hour: deploy again then.\n' "$wanted"
  for name in $(jq -r --arg form "^$PREFIX-[0-9a-f]{8}$" '.["ssl-certificates"][]?.name | select(test($form))' <<<"$BALANCER"); do
    [[ ,$now, == *",$name,"* ]] || remove_compute ssl-certificates "$name" --global
  done
}

# end_old_backends: of another ROAD, once the map leads elsewhere.
end_old_backends() {
  if [[ $ROAD == bucket && -n $(item backend-services "$PREFIX") ]]; then
    remove_compute backend-services "$PREFIX" --global
    remove_groups
  elif [[ $ROAD == service ]]; then
    remove_compute backend-buckets "$PREFIX"
  fi
}

# Cloud Run's own mapping: no load balancer, and Google's certificate.
ensure_domain_mapping() {
  local is
  is="$(look gcloud beta run domain-mappings list "--region=$REGION" --format='value[separator=" "](metadata.name,spec.routeName)')"
  has "$is" "$DOMAIN $INGEST_SERVICE" && return
  [[ $'\n'$is != *$'\n'"$DOMAIN "* ]] || die "domain $DOMAIN is mapped to another service than $INGEST_SERVICE: nothing was done to it"
  run gcloud beta run domain-mappings create "--service=$INGEST_SERVICE" "--domain=$DOMAIN" "--region=$REGION"
}
