#!/bin/sh
# Makes a fresh checkout ready: Node and pnpm, the packages, the generated protobuf code, an Envoy.
# Does only what is missing, says what it does, and is silent when all is there.
#   --no-envoy   leave out the Envoy (the commands that need none must not wait for it)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
# shellcheck source=scripts/toolchain.sh
. "$root/scripts/toolchain.sh"
stamps=$root/node_modules/.sluice

checksum() { cat -- "$@" 2>/dev/null | cksum; }

packages_sum() {
  checksum pnpm-lock.yaml pnpm-workspace.yaml package.json packages/*/package.json protos/package.json \
    envoy/package.json e2e/package.json bench/package.json
}

# All of the package but what is made from it. The generator has a finer check of its own, and is quick when nothing
# changed; this only saves starting it.
protos_sum() {
  find protos \( -name node_modules -o -name gen \) -prune -o -type f -print0 | sort -z | xargs -0 cat -- pnpm-lock.yaml | cksum
}

have_packages() {
  sum=$(packages_sum)
  [ "$(cat "$stamps/packages" 2>/dev/null)" = "$sum" ]
}

install_packages() {
  have_packages && return 0
  say "installing the packages of pnpm-lock.yaml"
  # This pnpm is the pinned one already, so it need not check, nor keep in the lockfile, which one it is.
  pnpm install --frozen-lockfile --pm-on-fail=ignore --reporter=append-only >"$log" 2>&1 || {
    cat "$log" >&2
    fail "pnpm could not install the packages; what it said stands above." \
      "If pnpm-lock.yaml does not fit the package.json files, run: pnpm install"
  }
  printf '%s\n' "$sum" >"$stamps/packages"
}

have_protos() {
  sum=$(protos_sum)
  [ -f protos/gen/.stamp ] && [ "$(cat "$stamps/protos" 2>/dev/null)" = "$sum" ]
}

generate_protos() {
  have_protos && return 0
  say "generating the protobuf code"
  node protos/scripts/generate.ts >"$log" 2>&1 || {
    cat "$log" >&2
    fail "The protobuf code could not be generated; what the generator said stands above."
  }
  printf '%s\n' "$sum" >"$stamps/protos"
}

# The order and the messages are those of envoy/src/find-envoy.ts; a known file only saves starting Node.
have_envoy() {
  [ -n "${SLUICE_ENVOY:-}" ] && return 1
  command -v envoy >/dev/null 2>&1 && return 1
  [ -x "$(cache_folder)/envoy/$(sed -n 's/^export const ENVOY_VERSION = "\(.*\)";$/\1/p' envoy/src/envoy-version.ts)/envoy" ]
}

cd "$root"
use_toolchain
# Nothing is written where all is there: the checkout may be read-only.
if ! have_packages || ! have_protos; then
  mkdir -p "$stamps" 2>/dev/null && log=$(mktemp "$stamps/log.XXXXXX" 2>/dev/null) ||
    fail "The checkout $root cannot be written to, and is not set up yet." \
      "Run scripts/setup.sh once as somebody who may write there."
  trap 'rm -f "$log"' EXIT
  # Two runs at once would install into one node_modules; the second waits, then finds all done.
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$stamps/lock"
    flock 9
  fi
  install_packages
  generate_protos
  exec 9>&-
fi
if [ "${1:-}" != --no-envoy ] && ! have_envoy; then
  node envoy/src/cli.ts fetch >/dev/null
fi
