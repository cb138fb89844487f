# syntax=docker/dockerfile:1
#
# Two images from one file:
#   docker build --target controller .   the control plane alone, with an Envoy beside it (docker-compose.yml)
#   docker build .                       the gateway in one container: it starts, watches and drains its own Envoy
# The Envoy is the binary of the official image, unmodified. Both run as a user without rights and need to write
# nowhere but in /run/sluice and /tmp, so the root file system may be read-only.

FROM node:24-slim AS build
WORKDIR /src
COPY . .
RUN scripts/exec.sh --no-envoy node scripts/build.ts

FROM node:24-slim AS controller
RUN mkdir /run/sluice && chown node:node /run/sluice
COPY --from=build /src/LICENSE /src/dist/ /app/
# By number, so that a cluster can tell that it is not root.
USER 1000:1000
WORKDIR /app
# Debug pages, health and metrics.
EXPOSE 15080
ENTRYPOINT ["node", "/app/sluice.mjs"]
CMD ["serve", "/etc/sluice", "--xds-address", "unix:/run/sluice/xds.sock"]

FROM envoyproxy/envoy:v1.40.0 AS envoy

FROM controller AS gateway
COPY --from=envoy /usr/local/bin/envoy /usr/local/bin/envoy
EXPOSE 8080 8443
CMD ["run", "/etc/sluice"]
