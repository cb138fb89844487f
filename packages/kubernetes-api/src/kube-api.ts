import type { KubeConfig } from "@kubernetes/client-node";
import { request } from "undici";
import { z } from "zod";
import { type Credentials, createAccess } from "./access.ts";
import { ApiError } from "./api-error.ts";
import { withinTime } from "./within-time.ts";

export interface ApiRequest {
  /** Begins with `/api`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Default: JSON. */
  readonly accept?: string;
  readonly signal: AbortSignal;
}

/** A request that changes something. */
export interface ApiWrite {
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with `/api`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default: JSON. For PATCH the kind of patch, as {@link SERVER_SIDE_APPLY} or {@link MERGE_PATCH}. */
  readonly contentType?: string;
  readonly signal: AbortSignal;
}

/** Fields that the body has are owned by the `fieldManager` of the query; those it had before and now lacks go. */
export const SERVER_SIDE_APPLY = "application/apply-patch+yaml";
/** RFC 7386: `null` removes a field, a list replaces a list. */
export const MERGE_PATCH = "application/merge-patch+json";

/** Requests to an API server. All fail with an {@link ApiError} for an answer that is not 2xx. */
export interface KubeApi {
  /** The whole answer, parsed. */
  json(request: ApiRequest): Promise<unknown>;
  /** The answer as it comes; resolves when its head is there. The iteration fails when nothing comes for too long. */
  stream(request: ApiRequest): Promise<AsyncIterable<Uint8Array>>;
  /** Sends a change once; the answer, parsed. After a failure without an answer it may have been done nevertheless. */
  write(request: ApiWrite): Promise<unknown>;
  close(): Promise<void>;
}

export interface ApiTimeouts {
  /** Until an answer begins, and between its pieces, milliseconds. */
  readonly answerMs: number;
  /** Silence on a watch after which its connection counts as dead, milliseconds. */
  readonly silenceMs: number;
}

/** Kubernetes sends a bookmark on each watch about once a minute. */
export const DEFAULT_TIMEOUTS: ApiTimeouts = { answerMs: 30_000, silenceMs: 150_000 };

/**
 * Requests by a kubeconfig. After a 401 the configuration is read anew, with its tokens and certificates, and the request
 * is sent once more.
 */
export function createKubeApi(load: () => KubeConfig, timeouts: ApiTimeouts = DEFAULT_TIMEOUTS): KubeApi {
  const access = createAccess(load);

  const attempt = async (
    asked: ApiRequest & Partial<ApiWrite>,
    bodyTimeout: number,
    credentials: Credentials,
  ) => {
    const url = new URL(credentials.server + asked.path);
    for (const [name, value] of Object.entries(asked.query ?? {})) url.searchParams.set(name, value);
    const { statusCode, headers, body } = await withinTime(
      timeouts.answerMs,
      asked.signal,
      (signal) =>
        request(url, {
          dispatcher: credentials.dispatcher,
          method: asked.method ?? "GET",
          body: asked.body === undefined ? null : JSON.stringify(asked.body),
          headers: {
            accept: asked.accept ?? "application/json",
            "user-agent": "sluice",
            ...(asked.body === undefined ? {} : { "content-type": asked.contentType ?? "application/json" }),
            ...credentials.headers,
          },
          signal,
          headersTimeout: timeouts.answerMs,
          bodyTimeout,
        }),
      // An error of a body that nobody reads would end the process.
      ({ body }) => void body.on("error", () => {}).destroy(),
    );
    if (statusCode >= 200 && statusCode < 300) return body;
    const text = await body.text();
    throw new ApiError(statusCode, messageOf(statusCode, text), retryAfterMs(headers["retry-after"]));
  };
  const send = async (asked: ApiRequest & Partial<ApiWrite>, bodyTimeout: number) => {
    const credentials = await access.current();
    try {
      return await attempt(asked, bodyTimeout, credentials);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      access.renew(credentials.generation);
      return await attempt(asked, bodyTimeout, await access.current());
    }
  };

  return {
    json: async (asked) => (await send(asked, timeouts.answerMs)).json(),
    stream: (asked) => send(asked, timeouts.silenceMs),
    write: async (asked) => (await send(asked, timeouts.answerMs)).json(),
    close: () => access.close(),
  };
}

const Status = z.object({ message: z.string().min(1) });

/** The sentence of the API server's Status object, or else the number. */
function messageOf(statusCode: number, text: string): string {
  try {
    return `${Status.parse(JSON.parse(text)).message} (${statusCode})`;
  } catch {
    return `The API server answered ${statusCode}.`;
  }
}

/** The header is in seconds; one that cannot be read counts as absent, and nobody waits longer than a minute. */
function retryAfterMs(header: string | readonly string[] | undefined): number {
  const seconds = Number(typeof header === "string" ? header : header?.[0]);
  return Number.isFinite(seconds) ? Math.min(60, Math.max(0, seconds)) * 1000 : 0;
}
