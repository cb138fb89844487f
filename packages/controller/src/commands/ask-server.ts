import type { ExplainRequest, Explanation } from "@sluice/explain";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";

/** What tells an explanation from any other JSON; the rest is our own gateway's word. */
const Answer = z.looseObject({
  asked: z.looseObject({ method: z.string(), url: z.string() }),
  outcomes: z.array(z.looseObject({})),
  competitors: z.array(z.looseObject({})),
  notes: z.array(z.string()),
});

const TIMEOUT_MS = 10_000;

/** Asks a running gateway at its debug address. Throws an {@link OperatorError} if it has no explanation to give. */
export async function askServer(server: string, request: ExplainRequest): Promise<Explanation> {
  const url = endpoint(server);
  url.searchParams.set("method", request.method);
  url.searchParams.set("url", request.url);
  for (const [name, value] of request.headers) url.searchParams.append("header", `${name}: ${value}`);
  if (request.sni !== undefined) url.searchParams.set("sni", request.sni);
  const { status, body } = await get(url);
  const answer = Answer.safeParse(body);
  // The gateway made it of this type; a gateway of another version has at least the fields that were checked.
  if (status === 200 && answer.success) return answer.data as unknown as Explanation;
  throw new OperatorError(
    "server",
    `${url.origin} does not answer as a Sluice gateway does (status ${status}).`,
    {
      hint: "Give its debug address, as in --server http://127.0.0.1:15080; see --debug-address of sluice run.",
    },
  );
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
