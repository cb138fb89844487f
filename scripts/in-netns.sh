#!/bin/sh
# Runs a command in a network namespace of its own, with no root needed: no port can clash, 80 and 443 are free,
# nothing is reached outside, and any address in 10.244.0.0/16 (pods) can be listened on or called from.
#   scripts/in-netns.sh COMMAND [ARGUMENT…]
# Inside such a namespace it just becomes the command.
set -eu

scripts=$(cd "$(dirname "$0")" && pwd -P)
[ "${SLUICE_NETNS:-}" != 1 ] || exec "$@"

refuse() {
  printf '%s\n' "sluice: $1" "        $2" >&2
  exit 1
}
command -v unshare >/dev/null 2>&1 || refuse "unshare was not found; it makes the network namespace of the e2e tests." \
  "It is part of util-linux. On Debian or Ubuntu: apt-get install util-linux"
command -v python3 >/dev/null 2>&1 || refuse "python3 was not found; it brings up the network of the namespace." \
  "On Debian or Ubuntu: apt-get install python3"

# A user namespace gives the right to make a network; root may have it without.
if unshare -Urn true 2>/dev/null; then
  options=-Urn
elif unshare -n true 2>/dev/null; then
  options=-n
else
  refuse "This machine does not allow a network namespace, which the e2e tests run in." \
    "Run as root, or allow it: sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 (in a container: --privileged, or --cap-add SYS_ADMIN --security-opt seccomp=unconfined)"
fi
SLUICE_NETNS=1
export SLUICE_NETNS
# The first python3 may be a shim of a version manager; both commands are found by PATH inside as outside.
exec unshare "$options" -- sh -c 'python3 "$0" && exec "$@"' "$scripts/netns-loopback.py" "$@"
