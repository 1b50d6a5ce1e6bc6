#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Base images by digest: what scripts/build-images.sh --pin does. Sourced, not run.

# pin FILE: writes the digest that a registry has today behind each base image's name and tag in a Dockerfile, and says what
# changed. The file is written once, after every base image has its digest: an error leaves it as it was.
pin() {
  local file="$1" list number reference name was now changes=''
  command -v docker >/dev/null || die 'docker is not installed: --pin asks it for the digests'
  list="$(base_images "$file")"
  [[ -n $list ]] || die "$file has no base image"
  while read -r number reference; do
    name="${reference%%@*}" was=''
    [[ $reference != *@* ]] || was="${reference#*@}"
    now="$(digest_of_base "$name")"
    if [[ $was == "$now" ]]; then
      printf '%s stays at %s\n' "$name" "$now"
    else
      changes+="$number $reference $name@$now"$'\n'
    fi
  done <<<"$list"
  [[ -n $changes ]] || { printf '%s is unchanged\n' "$file"; return 0; }
  write_pins "$file" "$changes"
  while read -r number reference now; do
    was='had no digest'
    [[ $reference != *@* ]] || was="was at ${reference#*@}"
    printf '%s is at %s now (line %s; it %s)\n' "${now%%@*}" "${now#*@}" "$number" "$was"
  done <<<"${changes%$'\n'}"
}

# base_images FILE: the number of the line and the reference, of each FROM, or of the ARG that a FROM names. `scratch` and
# earlier stages are no base images.
base_images() {
  local file="$1" line word rest number=0 known='' stages=' scratch ' seen=' ' before=1
  local from='^[[:space:]]*[Ff][Rr][Oo][Mm][[:space:]]+((--[^[:space:]]+[[:space:]]+)*)([^[:space:]]+)(.*)$'
  local arg='^[[:space:]]*[Aa][Rr][Gg][[:space:]]+([A-Za-z_][A-Za-z0-9_]*)="?([^"[:space:]]*)"?[[:space:]]*$'
  local stage='^[[:space:]]+[Aa][Ss][[:space:]]+([^[:space:]]+)[[:space:]]*$'
  local tagged='^[a-z0-9][A-Za-z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9_.-]*(@[^@[:space:]]*)?$'
  [[ -r $file && -w $file ]] || die "$file can't be read and written"
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    # An ARG counts for a FROM only before the first of them.
    if [[ -n $before && $line =~ $arg ]]; then
      known+=" ${BASH_REMATCH[1]}=$number:${BASH_REMATCH[2]} "
    elif [[ $line =~ $from ]]; then
      before='' word="${BASH_REMATCH[3]}" rest="${BASH_REMATCH[4]}"
      if [[ $stages != *" $word "* ]]; then
        word="$(place_of "$word" "$number" "$known")" || die "$file, line $number: '$line' names no ARG that has a value before the first FROM"
        [[ ${word#* } =~ $tagged ]] ||
          die "$file, line ${word%% *}: '${word#* }' can't be pinned: allowed is NAME:TAG, or NAME:TAG@DIGEST"
        [[ $seen == *" ${word%% *} "* ]] || printf '%s\n' "$word"
        seen+="${word%% *} "
      fi
      [[ ! $rest =~ $stage ]] || stages+="${BASH_REMATCH[1]} "
    fi
  done <"$file"
}

# place_of WORD NUMBER KNOWN: the line and the reference of what a FROM in line NUMBER has; 1 if no ARG has it.
place_of() {
  local name found
  case "$1" in
    \$\{*\}) name="${1#??}" name="${name%?}" ;;
    \$*) name="${1#?}" ;;
    *) printf '%s %s' "$2" "$1"; return ;;
  esac
  [[ $3 == *" $name="* ]] || return 1
  found="${3##* "$name"=}" found="${found%% *}"
  printf '%s %s' "${found%%:*}" "${found#*:}"
}

# digest_of_base NAME:TAG: of the list of all platforms, if there is one. buildx asks the registry alone; a Docker without it,
# as Debian's, pulls the image. Both print one line "Digest: …" of their own (buildx prints it whatever --format is).
digest_of_base() {
  local said pulled digest
  if ! said="$(docker buildx imagetools inspect "$1" 2>&1 </dev/null)"; then
    pulled="$(docker pull --platform linux/amd64 "$1" 2>&1 </dev/null)" ||
      die "no digest of $1. docker buildx imagetools inspect: $(last_line "$said"). docker pull: $(last_line "$pulled")"
    said="$pulled"
  fi
  digest="$(sed -n 's/^Digest:[[:space:]]*//p' <<<"$said")"
  [[ $digest =~ ^sha256:[0123456789abcdef]{64}$ ]] ||
    die "docker's answer for $1 has the digest '$(tr '\n' ' ' <<<"$digest")': allowed is sha256: and 64 digits of 0-9a-f, once"
  printf '%s' "$digest"
}

last_line() { sed -n '$p' <<<"$1"; }

# write_pins FILE CHANGES: each change is a line's number, what it has, and what it gets. The copy keeps the file's mode.
write_pins() {
  local file="$1" copy="$1.pinned"
  cp -p "$file" "$copy" || die "$file is unchanged: $copy can't be written"
  if CHANGES="$2" awk '
    BEGIN {
      count = split(ENVIRON["CHANGES"], lines, "\n")
      for (i = 1; i <= count; i++) if (split(lines[i], part, " ") == 3) { old[part[1]] = part[2]; new[part[1]] = part[3] }
    }
    NR in old {
      at = index($0, old[NR])
      $0 = substr($0, 1, at - 1) new[NR] substr($0, at + length(old[NR]))
    }
    { print }' "$file" >"$copy" && mv "$copy" "$file"
  then return 0; fi
  rm -f "$copy"
  die "$file is unchanged: $copy can't be written"
}
