#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: infra/images/build-libcurl.sh DIR
#
# Builds libcurl as a static library for HTTP and HTTPS, with OpenSSL and c-ares, from Debian's own source
# package (with its security patches), into DIR: DIR/include/curl, DIR/lib/libcurl.a.
#
# Needs Debian 12 or a release with the same packages: libssl-dev libc-ares-dev dpkg-dev gcc make. Nothing
# is installed and no system file is changed. If DIR has that very version, nothing is built.
set -euo pipefail

die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 2; }

# Everything but HTTP and HTTPS, what they need, and the resolver that works in a static program.
readonly OPTIONS=(
  --disable-shared --enable-static --with-openssl --enable-ares --disable-debug --disable-symbol-hiding
  --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt --without-ca-path
  --disable-ftp --disable-file --disable-ldap --disable-ldaps --disable-rtsp --disable-dict
  --disable-telnet --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp
  --disable-gopher --disable-mqtt --disable-manual --disable-docs --disable-alt-svc --disable-hsts
  --disable-ntlm --disable-ntlm-wb --disable-kerberos-auth --disable-negotiate-auth --disable-aws
  --disable-cookies --disable-unix-sockets --disable-socketpair --disable-libcurl-option
  --disable-netrc --disable-progress-meter --disable-dnsshuffle --disable-doh --disable-proxy
  --without-zlib --without-brotli --without-zstd --without-nghttp2 --without-libpsl --without-libidn2
  --without-librtmp --without-libssh2 --without-libgsasl --without-gssapi
)

# Lists where the machine's own package sources come from, as sources of source packages.
source_lists() {
  local lists="$1" file
  mkdir -p "$lists"
  for file in /etc/apt/sources.list.d/*.sources; do
    grep -qsE '^URIs:.*(debian|ubuntu)' "$file" || continue
    sed 's/^Types:.*/Types: deb-src/' "$file" >"$lists/$(basename "$file")"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -f $file ]] || continue
    sed -n 's/^deb \(.*\(debian\|ubuntu\).*\)/deb-src \1/p' "$file" >"$lists/own-$(basename "$file" .list).list"
  done
}

apt_source() {
  local work="$1"
  source_lists "$work/lists"
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
  local options=(-qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/lists"
    -o "Dir::State::lists=$work/state/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  VERSION="$(apt-cache "${options[@]}" showsrc --only-source curl | sed -n 's/^Version: //p' | sort -V | tail -1)"
  [[ -n $VERSION ]] || die 'the package sources have no source package of curl'
  [[ "$(cat "$PREFIX/version" 2>/dev/null)" != "$(stamp)" ]] || return 0
  (cd "$work" && apt-get "${options[@]}" source "curl=$VERSION" >"$work/log" 2>&1) ||
    { cat "$work/log" >&2; die "curl $VERSION could not be fetched"; }
}

# What the library is made of: another version of anything, or another option, makes another one.
stamp() {
  printf '%s %s %s' "curl=$VERSION" \
    "$(dpkg-query -W -f '${Package}=${Version} ' libssl-dev libc-ares-dev)" \
    "$(sha256sum "${BASH_SOURCE[0]}" | cut -c 1-12)"
}

build() {
  local work="$1"
  cd "$work"/curl-*/
  # Paths of this folder must not get into the library: the same source makes the same bytes.
  export CFLAGS="-O2 -fdata-sections -ffunction-sections -ffile-prefix-map=$PWD=."
  { ./configure --prefix="$PREFIX" "${OPTIONS[@]}" && make -s -j"$(nproc)" -C lib; } >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; die 'the build failed'; }
  mkdir -p "$PREFIX/lib" "$PREFIX/include/curl"
  cp lib/.libs/libcurl.a "$PREFIX/lib/"
  cp include/curl/*.h "$PREFIX/include/curl/"
}

main() {
  case "${1:-}" in
    -h | --help) sed -n '2,/^[^#]/{/SPDX-License-Identifier/d;s/^# \{0,1\}//p;}' "$0"; exit 0 ;;
    '' | -*) die 'needs a folder: see --help' ;;
  esac
  mkdir -p "$1"
  PREFIX="$(realpath "$1")"
  dpkg-query -W libssl-dev libc-ares-dev dpkg-dev >/dev/null ||
    die 'install libssl-dev libc-ares-dev dpkg-dev'
  local work
  work="$(mktemp -d)"
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$work'" EXIT
  apt_source "$work"
  if [[ "$(cat "$PREFIX/version" 2>/dev/null)" == "$(stamp)" ]]; then
    printf 'libcurl %s is there\n' "$VERSION"
    return
  fi
  (build "$work")
  stamp >"$PREFIX/version"
  printf 'libcurl %s: %s bytes\n' "$VERSION" "$(stat -c %s "$PREFIX/lib/libcurl.a")"
}

main "$@"
