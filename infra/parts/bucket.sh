# SPDX-License-Identifier: MIT
# With ROAD=bucket: the public bucket with the pixel.
# shellcheck shell=bash

part_bucket() {
  [[ $ROAD == bucket ]] || return 0
  local is there path image
  is="$(bucket_and_label "$BUCKET")"
  if [[ -z $is ]]; then
    run gcloud storage buckets create "gs://$BUCKET" "--location=$BIGQUERY_LOCATION" \
      --uniform-bucket-level-access --no-public-access-prevention
    label_bucket "$BUCKET"
  elif [[ $is != "$BUCKET $PREFIX" ]]; then
    [[ $is != "$BUCKET " && $is == "$BUCKET "* ]] && claim bucket "$BUCKET" "${is#* }"
    die "bucket $BUCKET is there without the label of this pipeline, and all in it would become public: \
set BUCKET to a name of its own, or, if it is for the pixel alone, \
gcloud storage buckets update gs://$BUCKET --update-labels=pipeline=$PREFIX"
  fi
  # Reading only: whoever knows no name can't list the bucket.
  grant 'storage buckets' "gs://$BUCKET" allUsers roles/storage.legacyObjectReader
  there="$(look gcloud storage objects list "gs://$BUCKET/**" \
    --format='value[separator=" "](name,content_type,cache_control,size)')"
  for path in $(pixel_paths); do
    image="$(make_image "$path")"
    has "$there" "${path#/} ${image#* } no-store $(($(wc -c <"${image% *}")))" ||
      run gcloud storage cp "${image% *}" "gs://$BUCKET$path" "--content-type=${image#* }" \
        --cache-control=no-store
  done
}

# make_image PATH: writes the smallest transparent pixel; prints its file and its type. The same bytes as
# PixelIngest's, which explains each.
make_image() {
  if [[ $1 == *.gif ]]; then
    from_base64 R0lGODlhAQABAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw== >"$SCRATCH/pixel.gif"
    echo "$SCRATCH/pixel.gif image/gif"
  else
    from_base64 iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVQYGWNgYAAAAAMAAehVbh4AAAAASUVORK5CYII= >"$SCRATCH/pixel.png"
    echo "$SCRATCH/pixel.png image/png"
  fi
}

# openssl has one option for it everywhere, base64 another on a Mac.
from_base64() { openssl base64 -d -A <<<"$1"; }

# Whatever ROAD is now, it may have been bucket.
undo_bucket() { remove_bucket "$BUCKET"; }
