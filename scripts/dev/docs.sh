#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/docs.sh [FOLDER]
#
# Makes the documentation of the runtime (DocC) into FOLDER (.build-docs/site): the guide's pages, and the public
# symbols of each module. Whatever DocC warns of is an error: a link to a page or a symbol that does not exist, a
# parameter that is left out where others are described. So is a page or a module that the table of contents lacks,
# and a program on a page that does not compile.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

readonly SCRATCH="$ROOT/.build-docs"
readonly CATALOG="$ROOT/Runtime/FunctionRuntime/FunctionRuntime.docc"
# Together with what they use they are all modules.
readonly OUTERMOST=(TypedFunctions GoogleCloud CloudLogging)
# The pipeline's own, and no part of the runtime.
readonly LEFT_OUT=' PixelModel TimeZones '

# The runtime's modules are the folders with Swift in them.
modules() {
  local file name
  for file in "$ROOT"/Runtime/*/*.swift; do
    name="$(basename "$(dirname "$file")")"
    [[ $LEFT_OUT == *" $name "* ]] || printf '%s\n' "$name"
  done | sort -u
}

# Builds the modules, in the folder that the tests share. MODULES is what finds them there.
build_modules() {
  local target name built
  forget_foreign_build "$ROOT/.build"
  for target in "${OUTERMOST[@]}"; do
    swift build --package-path "$ROOT" --target "$target" 2>&1 | build_errors_only >&2
  done
  built="$(swift build --package-path "$ROOT" --show-bin-path)"
  MODULES=(-I "$built/Modules" -module-cache-path "$SCRATCH/cache")
  for name in "$ROOT"/Runtime/C*/include; do
    MODULES+=(-Xcc "-fmodule-map-file=$built/$(basename "$(dirname "$name")").build/module.modulemap")
  done
}

# graphs FOLDER: the modules' public symbols with their comments.
graphs() {
  local folder="$1" triple name
  triple="$(swift -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p' | head -n 1)"
  rm -rf "$folder"
  mkdir -p "$folder"
  for name in $(modules); do
    swift-symbolgraph-extract -module-name "$name" "${MODULES[@]}" -target "$triple" -output-dir "$folder" \
      -emit-extension-block-symbols -skip-inherited-docs -skip-synthesized-members
  done
}

# programs FOLDER: compiles the pages' programs, the blocks of code that make a FunctionService and import its module.
programs() {
  local folder="$1" program
  rm -rf "$folder"
  mkdir -p "$folder"
  awk -v folder="$folder" '
    /^```swift/ { code = ""; line = FNR; inside = 1; next }
    /^```/ && inside {
      inside = 0
      if (code !~ /(^|\n)import / || code !~ /FunctionService\(/) next
      name = FILENAME
      gsub(/.*\/|\.md$/, "", name)
      program = folder "/" name "-" line
      system("mkdir -p \"" program "\"")
      printf "%s", code > (program "/main.swift")
    }
    inside { code = code $0 "\n" }' "$CATALOG"/*.md
  for program in "$folder"/*/main.swift; do
    swiftc -typecheck -swift-version 6 -warnings-as-errors "${MODULES[@]}" "$program" ||
      die "the program of the page and line $(basename "$(dirname "$program")") does not compile"
  done
}

# missing SITE: the pages and modules that the table of contents lacks.
missing() {
  local contents page name
  contents="$(sed 's,\\/,/,g' "$1/index/index.json")"
  {
    modules
    for page in "$CATALOG"/*.md; do
      name="$(basename "$page" .md)"
      [[ $name == FunctionRuntime ]] || printf 'runtime/%s\n' "$name"
    done
  } | while IFS= read -r name; do
    grep -qF "\"/documentation/${name,,}\"" <<<"$contents" || printf ' %s' "$name"
  done
}

main() {
  local site="${1:-$SCRATCH/site}" lacks
  case "${1:-}" in
    -h | --help) print_usage "$0"; exit 0 ;;
    -*) die "unknown argument '$1': see --help" ;;
  esac
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}"
  # DocC removes what is there.
  [[ ! -d $site || -z $(ls -A "$site") || -d $site/documentation ]] ||
    die "$site has other files than documentation: name a new folder, or an empty one"
  say "Reading the sources"
  build_modules
  graphs "$SCRATCH/graphs"
  programs "$SCRATCH/programs"
  docc convert "$CATALOG" --additional-symbol-graph-dir "$SCRATCH/graphs" --warnings-as-errors \
    --fallback-display-name Runtime --fallback-bundle-identifier Runtime --output-path "$site" >&2
  lacks="$(missing "$site")"
  [[ -z $lacks ]] || die "not in the table of contents:$lacks. A page needs a link under Topics of FunctionRuntime.md"
  say "The documentation is in $site. To read it: python3 -m http.server 8000 --bind 127.0.0.1 --directory $site"
  say "and open http://127.0.0.1:8000/documentation/functionruntime"
}

main "$@"
