# SPDX-License-Identifier: MIT
# Google's API descriptions, which the offline control plane holds requests against. Sourced, after scripts/lib.sh.
# shellcheck shell=bash

# They come as files of this package of PyPI.
readonly API_PACKAGE=google-api-python-client==2.202.0

# find_descriptions: sets FAKEGCP_DESCRIPTIONS, or says what is missing.
find_descriptions() {
  local venv folder
  [[ -z ${FAKEGCP_DESCRIPTIONS:-} ]] || return 0
  if ! venv="$(python_packages google-apis --no-deps "$API_PACKAGE")"; then
    say "SKIPPED: $API_PACKAGE could not be had from PyPI"
    return 1
  fi
  for folder in "$venv"/lib/python3*/site-packages/googleapiclient/discovery_cache/documents; do
    export FAKEGCP_DESCRIPTIONS="$folder"
  done
}
