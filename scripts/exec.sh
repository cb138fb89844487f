#!/bin/sh
# Sets up what is missing, then becomes the given command with the toolchain first in PATH:
#   scripts/exec.sh [--no-envoy] COMMAND [ARGUMENT…]
# Set-up talks on standard error, so the command's output stays its own.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
envoy=
if [ "${1:-}" = --no-envoy ]; then
  envoy=--no-envoy
  shift
fi
# shellcheck disable=SC2086
"$root/scripts/setup.sh" $envoy >&2
# shellcheck source=scripts/toolchain.sh
. "$root/scripts/toolchain.sh"
use_toolchain
PATH=$root/node_modules/.bin:$PATH
export PATH
exec "$@"
