import { PROBE_LISTENER } from "@sluice/envoy";

/**
 * The preStop hook of an Envoy, for the bash of its image (which has no curl):
 *
 *     drain.sh ADMIN_PORT DRAIN_SECONDS SETTLE_SECONDS
 *
 * It fails health checks, which makes each answer close its connection (HTTP/1) or send GOAWAY (HTTP/2), and drains the
 * listeners, which go on accepting: load balancers need a while to learn of it, `SETTLE_SECONDS` at least. After that
 * it ends when no client is connected and no request has come for two seconds, and after `DRAIN_SECONDS` in any case;
 * then Envoy gets its SIGTERM. An admin interface that does not answer ends it at once: there is nothing to drain.
 *
 * Requests are looked at besides connections, because short ones are never seen; connections alone are not, because a
 * load balancer that checks by connecting would hold up the end. Sources: Envoy's pages "Draining", "Administration
 * interface", and the statistics of listeners and of the HTTP connection manager.
 */
export const DRAIN_SCRIPT = `#!/bin/bash
set -u
readonly admin_port=$1 drain_seconds=$2 settle_seconds=$3
readonly listener='^listener\\.(.+)\\.downstream_cx_active: ([0-9]+)$'
readonly manager='^http\\.(.+)\\.downstream_rq_total: ([0-9]+)$'

# ask METHOD PATH: prints the answer of the admin interface, or fails.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$admin_port" || return 1
  printf '%s %s HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n' "$1" "$2" >&3
  cat <&3
  exec 3>&-
}

# look: sets $connections of clients and the number of their $requests so far.
look() {
  local answer line
  answer=$(ask GET '/stats?filter=downstream_(cx_active|rq_total)$' 2>/dev/null) || return 1
  [[ $answer == HTTP/1.1\\ 200* ]] || return 1
  connections=0 requests=0
  while read -r line; do
    line=\${line%$'\\r'}
    if [[ $line =~ $listener ]]; then
      case \${BASH_REMATCH[1]} in
        admin | ${PROBE_LISTENER} | *.worker_* | *.main_thread) ;;
        *) connections=$((connections + BASH_REMATCH[2])) ;;
      esac
    elif [[ $line =~ $manager ]]; then
      case \${BASH_REMATCH[1]} in
        admin | ${PROBE_LISTENER}) ;;
        *) requests=$((requests + BASH_REMATCH[2])) ;;
      esac
    fi
  done <<<"$answer"
}

ask POST /healthcheck/fail >/dev/null 2>&1 || exit 0
ask POST '/drain_listeners?graceful&skip_exit' >/dev/null 2>&1 || exit 0
quiet=0 before=-1
# SECONDS counts turns of the clock's second, so that it is up to one ahead.
while ((SECONDS <= drain_seconds)); do
  look || exit 0
  if ((connections == 0 && requests == before)); then quiet=$((quiet + 1)); else quiet=0; fi
  before=$requests
  ((SECONDS > settle_seconds && quiet >= 4)) && exit 0
  sleep 0.5
done
exit 0
`;
