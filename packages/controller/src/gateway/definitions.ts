import type { Diagnostic, GatewayDefinition, GatewaySettings, MseIngressConfig } from "@sluice/model";
import { parseObjectKey } from "@sluice/model";
import { type DefinedGateway, gatewayDefinition } from "@sluice/mse-ingress-config";
import type { Store } from "@sluice/store";
import type { Gateways } from "./gateways.ts";

/** Which gateways a process has. */
export type GatewayChoice =
  /** One, as the operator says. */
  | { readonly kind: "own"; readonly definition: GatewayDefinition }
  /** One, as the MseIngressConfig of this name says. */
  | { readonly kind: "config"; readonly name: string }
  /** One for each MseIngressConfig. */
  | { readonly kind: "managed" };

/** Where the definitions of the process's gateways come from. */
export interface Definitions {
  /** What the MseIngressConfig came to; undefined if there is none of this name, or it is not this process's business. */
  of(config: string): DefinedGateway | undefined;
  /** Why the process's one gateway serves nothing, as a sentence without its full stop; undefined before all sources have told what they have. */
  missing(): string | undefined;
  stop(): void;
}

export interface DefinitionsOptions {
  readonly store: Store;
  readonly choice: GatewayChoice;
  /** What the operator says, for what a MseIngressConfig leaves open. */
  readonly base: GatewaySettings;
  readonly gateways: Pick<Gateways, "set" | "delete">;
  /** Told what each MseIngressConfig came to, after the gateway has changed; `undefined`: it is gone. */
  readonly onDefined?: (name: string, defined: Defined | undefined) => void;
  /** Told what {@link Definitions.missing} says whenever it is something else; not before something is missing. */
  readonly onMissing?: (missing: string | undefined) => void;
}

/** A MseIngressConfig, and what it came to. */
export interface Defined extends DefinedGateway {
  readonly config: MseIngressConfig;
}

/** What the definitions have to say is under this name among the diagnostics of the store. */
const SOURCE = "definitions";

/**
 * Keeps the gateways in step with what defines them. A gateway whose MseIngressConfig is not there, or of which nothing good
 * is known, serves nothing: without its policy it would be open to whom the policy keeps out.
 */
export function followDefinitions(options: DefinitionsOptions): Definitions {
  const { store, choice, base, gateways } = options;
  const defined = new Map<string, DefinedGateway>();
  const isWatched = (name: string): boolean =>
    choice.kind === "managed" || (choice.kind === "config" && choice.name === name);

  const withdraw = (name: string): void => {
    // Its nodes are there, and are to get something.
    if (choice.kind === "config") gateways.set({ name, listens: {}, settings: base });
    else gateways.delete(name);
  };
  const update = (name: string): void => {
    const config = store.graph.untracked(() => store.get("MseIngressConfig", "", name));
    if (config === undefined) {
      defined.delete(name);
      withdraw(name);
      options.onDefined?.(name, undefined);
      return;
    }
    const previous = defined.get(name)?.definition ?? lastGoodDefinition(config, base);
    const result = gatewayDefinition(config, base, previous);
    defined.set(name, result);
    if (result.definition === undefined) withdraw(name);
    else gateways.set(result.definition);
    options.onDefined?.(name, { ...result, config });
  };
  const missing = (): string | undefined => {
    if (choice.kind !== "config" || !store.graph.untracked(() => store.isSynced())) return undefined;
    return missingConfig(choice.name, defined.get(choice.name));
  };
  let told: string | undefined;
  const tell = (): void => {
    const found = [...defined.values()].flatMap(({ diagnostics }) => diagnostics);
    const now = missing();
    const isAbsent = choice.kind === "config" && now !== undefined && !defined.has(choice.name);
    store.setDiagnostics(SOURCE, isAbsent ? [...found, absentConfig(choice.name, now)] : found);
    if (now !== told) options.onMissing?.(now);
    told = now;
  };
  const updateAll = (names: readonly string[]): void => {
    const watched = names.filter(isWatched);
    for (const name of watched) update(name);
    if (watched.length > 0) tell();
  };

  if (choice.kind === "own") gateways.set(choice.definition);
  const present = store.graph.untracked(() => store.list("MseIngressConfig")).map(nameOf);
  updateAll(choice.kind === "config" ? [choice.name] : present);
  let isStopped = false;
  // Before, that it is not there says nothing.
  void store.whenSynced().then(() => {
    if (!isStopped) tell();
  });
  const unsubscribe = store.onApplied((_revision, keys) =>
    updateAll(
      keys
        .map(parseObjectKey)
        .filter(({ kind }) => kind === "MseIngressConfig")
        .map(({ name }) => name),
    ),
  );
  return {
    of: (name) => defined.get(name),
    missing,
    stop() {
      isStopped = true;
      unsubscribe();
    },
  };
}

/** What was in force before this process, for the parts of the spec that are bad by now. */
function lastGoodDefinition(config: MseIngressConfig, base: GatewaySettings): GatewayDefinition | undefined {
  const { lastGood } = config;
  return lastGood && gatewayDefinition({ ...config, spec: lastGood }, base).definition;
}

function nameOf({ metadata }: MseIngressConfig): string {
  return metadata.name;
}

function missingConfig(name: string, defined: DefinedGateway | undefined): string | undefined {
  const config = `The MseIngressConfig ${name}, by which the gateway is to be configured,`;
  if (defined === undefined) return `${config} does not exist: nothing is served`;
  if (defined.definition !== undefined) return undefined;
  return `${config} cannot be used: nothing is served`;
}

function absentConfig(name: string, missing: string): Diagnostic {
  return {
    code: "config-missing",
    severity: "error",
    message: `${missing}.`,
    expected: `a MseIngressConfig ${name}`,
    hint: "It is named by --mse-ingress-config.",
  };
}
