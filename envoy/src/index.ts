export { type Address, parseAddress } from "./address.ts";
export { type AdminAnswer, type AdminClient, adminClient } from "./admin-client.ts";
export { type BootstrapOptions, bootstrap, XDS_CLUSTER } from "./bootstrap.ts";
export { cacheFolder } from "./cache-folder.ts";
export { dieWithParent } from "./die-with-parent.ts";
export { activeConnections, drainEnvoy } from "./drain.ts";
export { EnvoyError, type EnvoyErrorCode } from "./envoy-error.ts";
export { ENVOY_VERSION, MINIMUM_ENVOY_VERSION } from "./envoy-version.ts";
export {
  cachedEnvoyPath,
  ENVOY_OPTIONS_HINT,
  type EnvoyBinary,
  type FindEnvoyOptions,
  findEnvoy,
} from "./find-envoy.ts";
export type { Json, JsonObject } from "./json.ts";
export { type EnvoyLogRecord, parseLogLine } from "./log-line.ts";
export { PROBE_LISTENER, PROBE_PORT, type ProbeListenerOptions, probeListener } from "./probe-listener.ts";
export { type EnvoyExit, type EnvoyProcess, type StartEnvoyOptions, startEnvoy } from "./start-envoy.ts";
export {
  type EnvoyCrash,
  type SupervisedEnvoy,
  type SuperviseOptions,
  superviseEnvoy,
} from "./supervise-envoy.ts";
export { type Validation, validateConfig } from "./validate-config.ts";
export {
  type RefusedResource,
  type StaticResource,
  staticConfiguration,
  validateResources,
} from "./validate-resources.ts";
export { type XdsTls, xdsSecretFiles } from "./xds-tls.ts";
