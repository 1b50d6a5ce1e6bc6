# SPDX-License-Identifier: MIT
# What the test command's steps share: their time, their output, and what was skipped and why. Sourced.
# shellcheck shell=bash

# A folder with the steps' output and, in `skipped`, a line for each thing that did not run: name, tab, reason.
STEPS="$(mktemp -d)"
trap 'rm -rf "$STEPS"' EXIT
: >"$STEPS/skipped"

# step NAME COMMAND…: says what runs and how long it took. A command tells what it leaves out with a line
# `SKIPPED: reason` or `SKIPPED name: reason`.
step() {
  local name="$1" began=$SECONDS status
  shift
  say "== $name"
  # In no condition, where Bash would go on after a command that fails.
  set +e
  (set -e; "$@") 2>&1 | tee "$STEPS/output" >&2
  status=${PIPESTATUS[0]}
  set -e
  sed -nE "s/^SKIPPED: (.*)/$name\t\1/p; s/^SKIPPED ([^:]*): (.*)/\1\t\2/p" "$STEPS/output" >>"$STEPS/skipped"
  if [[ $status -ne 0 ]]; then
    say "FAILED: $name, after $((SECONDS - began)) s"
    exit "$status"
  fi
  say "== $name: $((SECONDS - began)) s"
}

# skipped_tests FILE: the tests that Swift Testing left out, as lines `SKIPPED name: reason`. Those of a larger size
# of the test command are not left out: they are no part of this one.
skipped_tests() {
  sed -nE 's/^[^ ]+ (Test|Suite) (.*) skipped(: "(.*)")?\.?$/\2\t\4/p' "$1" | tr -d '"' |
    awk -F'\t' '$2 !~ /^part of / { gsub(/:/, " ", $1); printf "SKIPPED %s: %s\n", $1, $2 == "" ? "no reason is given" : $2 }'
}

# verdict: the last line. Names with one reason stand together; more than three are counted.
verdict() {
  if [[ ! -s $STEPS/skipped ]]; then
    say 'All passed.'
    return
  fi
  say "All that could run passed; skipped: $(sort -u "$STEPS/skipped" | awk -F'\t' '
    !($2 in count) { order[++reasons] = $2 }
    { names[$2] = names[$2] (count[$2]++ ? ", " : "") $1 }
    END {
      for (i = 1; i <= reasons; i++) {
        reason = order[i]
        printf "%s%s, because %s", (i > 1 ? "; " : ""), (count[reason] > 3 ? count[reason] " tests" : names[reason]), reason
      }
    }')."
}

# optional_packages PACKAGE…: installs Debian packages that only some tests need.
optional_packages() {
  local package
  for package in "$@"; do
    (install_packages "$package") || say "$package could not be installed: what needs it is skipped"
  done
}
