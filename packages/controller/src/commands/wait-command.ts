import type { WaitResult } from "@sluice/status";
import { Command, InvalidArgumentError, Option } from "commander";
import { withKubeConfig } from "../gateway/kubernetes-source.ts";
import { OperatorError } from "../operator-error.ts";
import { EXIT } from "./exit-status.ts";
import { addSettingOptions, type SettingFlags, settingsOf } from "./setting-options.ts";

interface WaitFlags extends SettingFlags {
  readonly namespace?: string;
  readonly timeout: number;
  readonly format: "text" | "json";
}

const HELP = `
Waits until every Envoy has accepted the Ingress as it is now, annotations included. Exit status 1: not within the
timeout; it then says which Envoy lacks it, and why.

Examples:
  kubectl apply -f shop.yaml && sluice wait ingress shop
  sluice wait ingress shop -n production --timeout 2m --format json`;

/** `sluice wait`: until what was applied is what is served. */
export function waitCommand(): Command {
  const command = new Command("wait")
    .description("wait until an Ingress is live on every Envoy of the gateway")
    .argument("<KIND>", "ingress")
    .argument("<NAME>", "its name")
    .option("-n, --namespace <NAME>", "its namespace (default: that of the kubeconfig's context)")
    .option("--timeout <DURATION>", "how long to wait, as in 90s or 2m", duration, 60_000)
    .addOption(
      new Option("--format <FORMAT>", "how to print the result").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", HELP);
  return addSettingOptions(command, ["kubeconfig", "kubeContext"]).action(
    async (kind: string, name: string, flags: WaitFlags) => {
      if (!/^(ingress|ingresses|ing)$/i.test(kind))
        throw new OperatorError("usage", `There is no waiting for ${kind}.`, {
          hint: "For example: sluice wait ingress shop",
        });
      const { namespace, result } = await waitFor(name, flags);
      if (flags.format === "json")
        process.stdout.write(`${JSON.stringify({ namespace, name, ...result }, null, 2)}\n`);
      else process.stdout.write(sentences(`${namespace}/${name}`, result, flags.timeout));
      process.exitCode = result.outcome === "live" ? EXIT.fine : EXIT.findings;
    },
  );
}

async function waitFor(
  name: string,
  flags: WaitFlags,
): Promise<{ readonly namespace: string; readonly result: WaitResult }> {
  const { ApiError, createKubeApi, systemClock, describeError } = await import("@sluice/kubernetes-api");
  const { waitForIngress } = await import("@sluice/status");
  const { api, own } = await withKubeConfig(settingsOf(flags), (load) => {
    const config = load();
    return { api: createKubeApi(load), own: config.getContextObject(config.getCurrentContext())?.namespace };
  });
  const namespace = flags.namespace ?? own ?? "default";
  try {
    const signal = AbortSignal.timeout(flags.timeout);
    const result = await waitForIngress({
      api,
      clock: systemClock,
      random: Math.random,
      namespace,
      name,
      signal,
    });
    return { namespace, result };
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    throw new OperatorError(
      "server",
      `The Ingress ${namespace}/${name} cannot be waited for: ${describeError(cause)}`,
      {
        cause,
        hint: "See kubectl get ingress, with the same namespace and context.",
      },
    );
  } finally {
    await api.close();
  }
}

function sentences(what: string, result: WaitResult, timeoutMs: number): string {
  const { outcome, generation, revision, live, reasons } = result;
  const form = `generation ${generation} (revision ${revision})`;
  if (outcome === "live") return `${what}: ${form} is live: ${live}\n`;
  const state =
    outcome === "deleted"
      ? "is gone"
      : live === undefined
        ? `is not live after ${timeoutMs / 1000} s: no gateway has said anything of it; ${classOf(result)}`
        : `is not live after ${timeoutMs / 1000} s: ${live}`;
  return [`${what}: ${form} ${state}`, ...reasons.map((reason) => `  ${reason}`)]
    .map((line) => `${line}\n`)
    .join("");
}

/** The usual reason for silence. */
function classOf({ ingressClass }: WaitResult): string {
  return ingressClass === undefined
    ? "it names no class"
    : `its class is ${JSON.stringify(ingressClass)}: is there a gateway for that?`;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** A day: timers cannot be longer than 24. */
const MAX_MS = 86_400_000;

function duration(text: string): number {
  const [, digits, unit = "s"] = /^(\d+)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit] ?? 0);
  if (digits === undefined || ms > MAX_MS)
    throw new InvalidArgumentError("It takes a duration of up to 24h, as 90s or 2m.");
  return ms;
}
