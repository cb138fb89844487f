import { Option } from "commander";
import { OperatorError } from "../operator-error.ts";

/** What `--gateway` is given as. */
export interface GatewayFlag {
  readonly gateway?: string;
}

/** The option by which a command is asked of one of several gateways. */
export function gatewayOption(doc: string): Option {
  return new Option("--gateway <NAME>", doc);
}

interface Named {
  readonly name: string;
}

/** The gateways that a command is about: the one that is wanted, or all. Throws an {@link OperatorError} if there is none of the name. */
export function chosenGateways<T extends Named>(
  gateways: readonly T[],
  wanted: string | undefined,
): readonly T[] {
  if (wanted === undefined) return gateways;
  const found = gateways.filter(({ name }) => name === wanted);
  if (found.length === 0)
    throw noSuchGateway(
      gateways.map(({ name }) => name),
      wanted,
    );
  return found;
}

/** The one gateway that a command is about. Throws an {@link OperatorError} that says which there are, if it cannot be told. */
export function chosenGateway<T extends Named>(gateways: readonly T[], wanted: string | undefined): T {
  const [one, ...others] = chosenGateways(gateways, wanted);
  if (one === undefined) throw noGateway();
  if (others.length > 0) throw severalGateways(gateways.map(({ name }) => name));
  return one;
}

export function severalGateways(names: readonly string[]): OperatorError {
  return new OperatorError("usage", `There are several gateways: ${names.join(", ")}.`, {
    hint: `Say which, as in --gateway ${names[0]}`,
  });
}

export function noSuchGateway(names: readonly string[], wanted: string): OperatorError {
  if (names.length === 0) return noGateway();
  return new OperatorError("usage", `There is no gateway ${wanted}; there are: ${names.join(", ")}.`, {
    hint: "Give one of these names as --gateway.",
  });
}

function noGateway(): OperatorError {
  return new OperatorError("usage", "There is no gateway: with managed each MseIngressConfig is one.", {
    hint: "Give a MseIngressConfig along with the other objects, or leave out --managed.",
  });
}
