# Debian packages for the scripts beside this file, which source it: installed into the system, or unpacked into the cache.
#
# What the daemons and the lab run with (iproute2, nftables, ...) is installed as usual. What only tests want in a version of its
# own (kubectl of another release, Go, etcd) is unpacked below the cache and never touches the system: a machine may have a
# kubectl of its own, and etcd's package would start a server.
#
# `private_apt` works on lists of its own, so suites that the system doesn't use (sid, sources) can be read without editing
# /etc/apt, and what is installed has no say in it. The mirror is the one the system already uses.

METALLB_CACHE=${METALLB_CACHE:-$HOME/.cache/metallb}

say() { printf '%s: %s\n' "${0##*/}" "$*"; }

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -n "$@" || fail "'sudo -n $*' failed; run this as root, or let sudo work without a password"
  else
    fail "needs root for: $*; there is no sudo on this machine"
  fi
}

# install_packages NAME...: installs those that are missing; with none missing it costs one dpkg-query.
install_packages() {
  local missing=() package
  for package in "$@"; do
    if [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      missing+=("$package")
    fi
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  local options=(-qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300) log
  log=$(mktemp)
  # RUNLEVEL=1: a package that would start a service must not; tests start their own.
  if ! as_root apt-get "${options[@]}" update >"$log" 2>&1 </dev/null \
    || ! as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get "${options[@]}" install --yes \
      --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    fail "could not install ${missing[*]}"
  fi
  rm -f "$log"
}

# The address of the mirror that this system takes Debian's own packages from.
debian_mirror() {
  local mirror
  mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
    | awk -F '|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }')
  if [ -z "$mirror" ]; then # the lists were never read: ask apt's own configuration
    as_root apt-get -qq update >/dev/null || fail "apt-get update failed"
    mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
      | awk -F '|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }')
  fi
  [ -n "$mirror" ] || fail "apt knows no mirror of Debian's packages; see /etc/apt/sources.list"
  printf '%s\n' "$mirror"
}

# private_apt SUITE COMMAND ARGUMENT...: apt-get or apt-cache on one suite, with lists and caches below METALLB_CACHE/apt.
private_apt() {
  local suite=$1 command=$2
  shift 2
  local directory=$METALLB_CACHE/apt/$suite
  local options=(
    -qq -o Dir::Etc::SourceList="$directory/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::Lists="$directory/lists" -o Dir::Cache="$directory/cache" -o Acquire::Languages=none
    -o Dir::State::status=/dev/null -o APT::Sandbox::User= -o Acquire::Retries=3
  )
  if [ ! -e "$directory/updated" ]; then
    mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial"
    local entry="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $suite main"
    printf 'deb %s\ndeb-src %s\n' "$entry" "$entry" >"$directory/sources.list"
    apt-get "${options[@]}" update >/dev/null || return 1
    touch "$directory/updated"
  fi
  "$command" "${options[@]}" "$@"
}

# unpack_packages SUITE DIRECTORY NAME...: downloads packages and unpacks them, uninstalled, into DIRECTORY.
unpack_packages() {
  local suite=$1 directory=$2 download package
  shift 2
  download=$(mktemp -d "$METALLB_CACHE/download.XXXXXX")
  if ! (cd "$download" && private_apt "$suite" apt-get download "$@" >/dev/null 2>&1); then
    rm -f "$METALLB_CACHE/apt/$suite/updated" # lists of another day name packages that are gone
    if ! (cd "$download" && private_apt "$suite" apt-get download "$@" >/dev/null); then
      rm -rf "$download"
      return 1
    fi
  fi
  mkdir -p "$directory"
  for package in "$download"/*.deb; do
    dpkg-deb --extract "$package" "$directory"
  done
  rm -rf "$download"
}

# locked NAME COMMAND...: one at a time on this machine, so that two checkouts can share the cache.
locked() {
  mkdir -p "$METALLB_CACHE"
  local name=$1
  shift
  (
    flock --timeout 1800 9 || fail "another run has held $METALLB_CACHE/$name.lock for half an hour"
    "$@" 9>&-
  ) 9>"$METALLB_CACHE/$name.lock"
}
