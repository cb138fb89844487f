import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrap, findEnvoy, type SupervisedEnvoy, startEnvoy, superviseEnvoy } from "@sluice/envoy";
import { features } from "@sluice/features";
import { TYPE_URLS } from "@sluice/protos";
import { STDIN } from "@sluice/source-file";
import type { JudgeOptions } from "../admission/judge-ingress.ts";
import { startAdmission } from "../admission/start-admission.ts";
import { ownGatewayName } from "../config/gateway-settings.ts";
import type { Settings } from "../config/settings.ts";
import { PROBE_PAGES } from "../debug/pages/index.ts";
import { serveDebug } from "../debug/serve-debug.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { createLogger, type Logger } from "../logging/logger.ts";
import { OperatorError } from "../operator-error.ts";
import { checkPorts } from "./port-check.ts";
import { untilStopped } from "./until-stopped.ts";

export interface RunOptions {
  readonly paths: readonly string[];
  readonly settings: Settings;
  /** False: the control plane alone; Envoys are somebody else's. */
  readonly withEnvoy: boolean;
}

/**
 * `sluice run` and `sluice serve`: the control plane, with an Envoy of its own or without. Resolves after SIGINT or
 * SIGTERM, when open connections have had their time and all is stopped. Throws an error for the operator when it
 * cannot start.
 */
export async function run({ paths, settings, withEnvoy }: RunOptions): Promise<void> {
  if (paths.length === 0 && !settings.kube)
    throw new OperatorError("usage", "There is nothing to take objects from.", {
      hint: "Give folders or files of Kubernetes YAML, or --kube for an API server, or both.",
    });
  if (withEnvoy && settings.managed)
    throw new OperatorError("usage", "With --managed each gateway has Envoys of its own.", {
      hint: "Use sluice serve --managed, and Envoys whose node.cluster names their gateway.",
    });
  if (paths.includes(STDIN)) {
    throw new OperatorError("usage", "Standard input cannot be watched.", {
      hint: "Give folders or files of Kubernetes YAML or JSON.",
    });
  }
  const logger = createLogger(settings.logLevel);
  const stopped = untilStopped();
  const folder = mkdtempSync(join(tmpdir(), "sluice-"));
  const xdsAddress = settings.xdsAddress ?? `unix:${join(folder, "xds.sock")}`;
  const adminAddress = settings.envoyAdminAddress ?? `unix:${join(folder, "admin.sock")}`;
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));

  if (withEnvoy) await checkPorts(settings);
  const gateway = await startGateway({ paths, settings, xdsAddress, logger });
  cleanup.defer(() => gateway.stop());
  const onError = (err: unknown, path: string): void =>
    logger.error({ err, path }, "debug page failed; this is a bug");
  const debug = await serveDebug({ address: settings.debugAddress, gateway, onError });
  cleanup.defer(() => debug.close());
  if (settings.probeAddress !== undefined) {
    const probes = await serveDebug({ address: settings.probeAddress, pages: PROBE_PAGES, gateway, onError });
    cleanup.defer(() => probes.close());
  }
  const judging = (): JudgeOptions => ({
    store: gateway.store,
    features,
    controller: settings.controllerName,
    gateways: gateway.gateways.list().map(({ translate, definition }) => ({
      translate,
      settings: definition.settings,
    })),
  });
  const admission = await startAdmission({ settings, logger, judging });
  if (admission !== undefined) cleanup.defer(() => admission.close());
  logger.info({ xds: gateway.ads.address, debug: debug.url }, "control plane is up");
  for (const diagnostic of gateway.gateways.diagnostics())
    logger[diagnostic.severity === "info" ? "info" : "warn"]({ diagnostic }, diagnostic.message);

  if (withEnvoy) {
    const cluster = ownGatewayName(settings);
    const envoy = await startOwnEnvoy({
      settings,
      cluster,
      xdsAddress: gateway.ads.address,
      adminAddress,
      logger,
    });
    cleanup.defer(async () => {
      logger.info({ seconds: settings.drainSeconds }, "draining; press Ctrl-C again to stop at once");
      const drained = envoy.drain(settings.drainSeconds * 1000);
      await Promise.race([drained, stopped.again]);
      await envoy.stop();
    });
    const first = await Promise.race([envoy.ready.then(() => "ready" as const), stopped.first]);
    if (first === "ready") {
      const serves = { http: settings.httpPort, https: settings.httpsPort, debug: debug.url };
      const refused = refusedListeners(gateway);
      const missing = gateway.definitions.missing();
      if (missing !== undefined) logger.error({ ...serves, config: settings.mseIngressConfig }, missing);
      else if (refused.length === 0) logger.info(serves, "gateway is serving");
      else logger.error({ ...serves, refused }, "gateway serves in part only: Envoy refused a listener");
    }
  }
  await stopped.first;
}

function refusedListeners(gateway: Gateway): readonly { name: string; words: string }[] {
  return gateway.gateways
    .list()
    .flatMap(({ controlPlane }) => controlPlane.renderings())
    .flatMap(({ world }) => world.quarantine())
    .filter(({ typeUrl }) => typeUrl === TYPE_URLS.LISTENER)
    .map(({ name, words }) => ({ name, words }));
}

interface OwnEnvoy {
  readonly settings: Settings;
  /** Name of the gateway that it is of. */
  readonly cluster: string;
  readonly xdsAddress: string;
  readonly adminAddress: string;
  readonly logger: Logger;
}

async function startOwnEnvoy({
  settings,
  cluster,
  xdsAddress,
  adminAddress,
  logger,
}: OwnEnvoy): Promise<SupervisedEnvoy> {
  const binary = await findEnvoy({ onProgress: (text) => logger.info({ text }, "looking for Envoy") });
  const start = () =>
    startEnvoy({
      binary: binary.path,
      adminAddress,
      bootstrap: bootstrap({ nodeId: `sluice-${process.pid}`, cluster, xdsAddress, adminAddress }),
      drainSeconds: settings.drainSeconds,
      // Two gateways on one port would share its connections.
      dieWithParent: true,
      ...(settings.concurrency === undefined ? {} : { concurrency: settings.concurrency }),
      onLog: ({ level, component, message }) => logger[level]({ component, envoy: message }, "envoy"),
    });
  return superviseEnvoy({
    start,
    onCrash: ({ exit, error: err, restart, waitMs }) =>
      logger.error(
        { exit, err, restart, waitMs },
        exit === undefined ? "Envoy cannot be started; trying again" : "Envoy ended; starting it again",
      ),
  });
}
