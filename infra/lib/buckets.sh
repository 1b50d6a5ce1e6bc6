#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Buckets: a name may be anybody's, so a label says which pipeline made one. Sourced.

# bucket_and_label NAME: the name with the PREFIX on its label, as 'my-bucket pixel'; nothing if there is no bucket.
bucket_and_label() {
  look gcloud storage buckets describe "gs://$1" --format='value[separator=" "](name,labels.pipeline)'
}

# label_bucket NAME FLAG…: gcloud has no flag for it where buckets are made.
label_bucket() { run gcloud storage buckets update "gs://$1" "--update-labels=pipeline=$PREFIX" "${@:2}"; }

# remove_bucket NAME: with all that is in it, if we made it.
remove_bucket() {
  local is
  is="$(bucket_and_label "$1")"
  if [[ $is == "$1 $PREFIX" ]]; then
    run gcloud storage rm --recursive "gs://$1"
  elif [[ -n $is ]]; then
    printf '  Bucket %s stays: it has no label pipeline=%s, as those have that deploy.sh makes.\n' "$1" "$PREFIX"
  fi
}

# make_build_bucket: for the builds alone. What was built from is not needed twice, but the weekly build's source is.
make_build_bucket() {
  printf '{"rule": [{"action": {"type": "Delete"}, "condition": {"age": 1, "matchesPrefix": ["source/", "logs/"]}}]}' >"$SCRATCH/lifecycle.json"
  run gcloud storage buckets create "gs://$BUILD_BUCKET" "--location=$REGION" --uniform-bucket-level-access
  label_bucket "$BUILD_BUCKET" "--lifecycle-file=$SCRATCH/lifecycle.json"
}
