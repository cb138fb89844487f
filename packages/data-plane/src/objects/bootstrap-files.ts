import {
  bootstrap,
  type JsonObject,
  PROBE_PORT,
  probeListener,
  type XdsTls,
  xdsSecretFiles,
} from "@sluice/envoy";
import { DRAIN_SCRIPT } from "../drain-script.ts";
import type { Fleet, FleetSettings } from "../fleet.ts";

/** Where the ConfigMap and the Secret are in the container. */
export const CONFIG_FOLDER = "/etc/sluice";
export const CERTIFICATE_FOLDER = "/etc/sluice-xds";
export const ADMIN_PORT = 15000;

/** Of what one Envoy may use, the part that its heap may have: the rest is code, stacks and what the allocator keeps. */
const HEAP_SHARE = 0.9;

/** The files of the ConfigMap. Equal fleets give equal texts. */
export function bootstrapFiles(fleet: Fleet, settings: FleetSettings): Readonly<Record<string, string>> {
  const xdsTls = {
    folder: CERTIFICATE_FOLDER,
    sdsFolder: CONFIG_FOLDER,
    serverName: settings.xdsServerName,
  };
  const secretFiles = Object.entries(xdsSecretFiles(xdsTls)).map(([name, file]) => [name, text(file)]);
  return {
    "bootstrap.json": text(fleetBootstrap(fleet, settings, xdsTls)),
    ...Object.fromEntries(secretFiles),
    "drain.sh": DRAIN_SCRIPT,
  };
}

/** The node is not in it: its id is the Pod's name, which Envoy gets as an argument. */
function fleetBootstrap(
  { definition, needs }: Fleet,
  { xdsAddress }: FleetSettings,
  xdsTls: XdsTls,
): JsonObject {
  const adminAddress = `127.0.0.1:${ADMIN_PORT}`;
  const { node: _, ...rest } = bootstrap({
    nodeId: "",
    cluster: definition.name,
    xdsAddress,
    adminAddress,
    maxHeapBytes: Math.floor(gibibytes(needs.resources.memory) * 2 ** 30 * HEAP_SHARE),
    xdsTls,
    extensions: probeListener({ port: PROBE_PORT, adminAddress }),
  });
  return rest;
}

function gibibytes(memory: string): number {
  const [, number] = /^(\d+)Gi$/.exec(memory) ?? [];
  if (number === undefined) throw new Error(`memory of an Envoy is in Gi, not ${memory}`);
  return Number(number);
}

function text(value: JsonObject): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
