#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: infra/images/sbom.sh CURL NAME
#
# Prints what is inside of the image NAME as an SPDX 2.3 document: the Debian packages whose code or files are in it (with
# the libcurl in CURL), Swift's runtime, and the Swift packages. A scanner can't see them in a static program. The same
# packages make the same document.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../../scripts/lib.sh"

# Of which something is linked in, or copied.
readonly DEBIAN='libssl-dev libc-ares-dev libc6-dev libstdc++-12-dev libstdc++-13-dev zlib1g-dev ca-certificates'

# contents CURL: a line each, 'KIND NAME VERSION SOURCE'.
contents() {
  local release
  release="$(. /etc/os-release && printf '%s-%s' "$ID" "$VERSION_ID")"
  # shellcheck disable=SC2086  # a list
  dpkg-query -W -f "deb \${Package} \${Version} $release\n" $DEBIAN 2>/dev/null || true
  sed -n 's/^curl=\([^ ]*\) .*/deb curl \1 '"$release"'/p' "$1/version"
  swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/swift swift-runtime \1 https:\/\/swift.org/p' | head -n 1
  # shellcheck disable=SC2016  # jq's
  [[ ! -f $ROOT/Package.resolved ]] || jq -r '.pins[] |
    "swift \(.identity) \(.state.version // .state.revision) \(.location)"' "$ROOT/Package.resolved"
}

document() {
  jq -RnS --arg name "$1" '
    [inputs | split(" ") | {kind: .[0], name: .[1], version: .[2], source: .[3]} | select(.version != "")] | unique as $all |
    {spdxVersion: "SPDX-2.3", dataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", name: $name,
     documentNamespace: "https://spdx.org/spdxdocs/\($name)-\($all | map("\(.name)-\(.version)") | join("-") | @base64 | .[-24:])",
     creationInfo: {created: "1970-01-01T00:00:00Z", creators: ["Tool: infra/images/sbom.sh"]},
     packages: ([{SPDXID: "SPDXRef-image", name: $name, downloadLocation: "NOASSERTION", filesAnalyzed: false}] +
       ($all | map({SPDXID: "SPDXRef-\(.kind)-\(.name | gsub("[^A-Za-z0-9.-]"; "-"))", name, versionInfo: .version, filesAnalyzed: false,
         downloadLocation: "NOASSERTION", licenseConcluded: "NOASSERTION", copyrightText: "NOASSERTION",
         externalRefs: [{referenceCategory: "PACKAGE-MANAGER", referenceType: "purl",
           referenceLocator: (if .kind == "deb" then "pkg:deb/debian/\(.name | @uri)@\(.version | @uri)?distro=\(.source)"
             else "pkg:swift/\(.source | ltrimstr("https://") | rtrimstr(".git"))\(if .name == "swift-runtime" then "/swift" else "" end)@\(.version)" end)}]}))),
     relationships: ([{spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: "SPDXRef-image"}] +
       ($all | map({spdxElementId: "SPDXRef-image", relationshipType: "CONTAINS",
         relatedSpdxElement: "SPDXRef-\(.kind)-\(.name | gsub("[^A-Za-z0-9.-]"; "-"))"})))}'
}

main() {
  case "${1:-}" in -h | --help) print_usage "$0"; exit 0 ;; esac
  [[ $# -eq 2 && -f $1/version ]] || die 'needs the folder of libcurl and the name of an image: see --help'
  contents "$1" | document "$2"
}

main "$@"
