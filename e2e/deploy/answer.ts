import { get, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";

/** What a GET was answered. */
export interface Answer {
  /** 0: not at all. */
  readonly status: number;
  readonly location?: string | undefined;
  /** The headers that the echo backend saw, if it answered. */
  readonly seen?: IncomingHttpHeaders;
}

/** Sends a GET for `/` to port 80 of an address; the Host header is one that fetch would not send. Never rejects. */
export async function answerOf(address: string, host: string): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const asked = get({ host: address, port: 80, headers: { host }, agent: false }, async (response) => {
    const { statusCode = 0, headers } = response;
    const body = await text(response).catch(() => "");
    const seen = headers["x-echo-backend"] === undefined ? undefined : JSON.parse(body).headers;
    resolve({ status: statusCode, location: headers.location, ...(seen && { seen }) });
  });
  asked.setTimeout(5_000, () => asked.destroy());
  asked.on("error", () => resolve({ status: 0 }));
  return promise;
}
