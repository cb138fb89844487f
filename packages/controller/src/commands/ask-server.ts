import type { ExplainRequest, Explanation } from "@sluice/explain";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import { noSuchGateway, severalGateways } from "./gateway-option.ts";

/** What tells an explanation from any other JSON; the rest is our own gateway's word. */
const Answer = z.looseObject({
  asked: z.looseObject({ method: z.string(), url: z.string() }),
  outcomes: z.array(z.looseObject({})),
  competitors: z.array(z.looseObject({})),
  notes: z.array(z.string()),
});

/** How a process with several gateways, or none of the name, answers. */
const Choice = z.looseObject({ error: z.string(), gateways: z.array(z.string()) });

const TIMEOUT_MS = 10_000;

/**
 * Asks a running gateway at its debug address, and where it is one of several in the process the one of the name. Throws an
 * {@link OperatorError} if it has no explanation to give, which says which gateways there are if it cannot be told whose is meant.
 */
export async function askServer(
  server: string,
  request: ExplainRequest,
  gateway?: string,
): Promise<Explanation> {
  const url = endpoint(server);
  url.searchParams.set("method", request.method);
  url.searchParams.set("url", request.url);
  for (const [name, value] of request.headers) url.searchParams.append("header", `${name}: ${value}`);
  if (request.sni !== undefined) url.searchParams.set("sni", request.sni);
  if (gateway !== undefined) url.searchParams.set("gateway", gateway);
  const { status, body } = await get(url);
  const answer = Answer.safeParse(body);
  // The gateway made it of this type; a gateway of another version has at least the fields that were checked.
  if (status === 200 && answer.success) return answer.data as unknown as Explanation;
  const choice = Choice.safeParse(body);
  if ((status === 400 || status === 404) && choice.success) throw choiceError(url, choice.data, gateway);
  throw new OperatorError(
    "server",
    `${url.origin} does not answer as a Sluice gateway does (status ${status}).`,
    {
      hint: "Give its debug address, as in --server http://127.0.0.1:15080; see --debug-address of sluice run.",
    },
  );
}

function choiceError(
  { origin }: URL,
  { gateways }: z.infer<typeof Choice>,
  wanted: string | undefined,
): OperatorError {
  if (gateways.length === 0)
    return new OperatorError("server", `${origin} serves no gateway so far.`, {
      hint: "See that there is a MseIngressConfig, and what its status says.",
    });
  return wanted === undefined ? severalGateways(gateways) : noSuchGateway(gateways, wanted);
}

function endpoint(server: string): URL {
  try {
    return new URL("/debug/explain", /^https?:\/\//.test(server) ? server : `http://${server}`);
  } catch (cause) {
    throw new OperatorError("usage", `--server cannot be used: ${server} is not a URL.`, {
      hint: "For example: --server http://127.0.0.1:15080",
      cause,
    });
  }
}

async function get(url: URL): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, body: parsed(text) };
  } catch (cause) {
    const reason = cause instanceof Error ? causeOf(cause) : String(cause);
    throw new OperatorError("server", `The gateway at ${url.origin} cannot be asked: ${reason}.`, {
      hint: "Is it running, and is this its debug address (--debug-address of sluice run)?",
      cause,
    });
  }
}

function causeOf(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
