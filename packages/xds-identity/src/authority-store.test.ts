import { ApiError, type ApiWrite, type KubeApi, systemClock } from "@sluice/kubernetes-api";
import { expect, test } from "vitest";
import { type Authority, firstAuthority } from "./authority.ts";
import { readSecret } from "./authority-secret.ts";
import { createAuthorityStore } from "./authority-store.ts";
import { DEFAULT_LIFETIMES as lifetimes } from "./lifetimes.ts";

interface Body {
  readonly metadata: { readonly resourceVersion?: string };
  readonly stringData: Readonly<Record<string, string>>;
}

/** A fake API server that knows one Secret, with the rules of real ones for versions, and whose watch never tells anything. */
function secretApi() {
  let version = 0;
  let stored: object | undefined;
  const put = ({ metadata, stringData, ...rest }: Body): object => {
    const entries = Object.entries(stringData).map(([key, text]) => [
      key,
      Buffer.from(text).toString("base64"),
    ]);
    stored = {
      ...rest,
      metadata: { ...metadata, resourceVersion: `${++version}` },
      data: Object.fromEntries(entries),
    };
    return stored;
  };
  const api: KubeApi = {
    json: () =>
      stored === undefined ? Promise.reject(new ApiError(404, "not found")) : Promise.resolve(stored),
    async stream({ signal }) {
      const next = () =>
        systemClock.sleep(600_000, signal).then(() => ({ done: true as const, value: undefined }));
      return { [Symbol.asyncIterator]: () => ({ next }) };
    },
    async write({ method, body }: ApiWrite) {
      // The one client of it sends Secrets.
      const secret = body as Body;
      if (method === "POST" && stored !== undefined) throw new ApiError(409, "already exists");
      if (method === "PUT" && secret.metadata.resourceVersion !== `${version}`)
        throw new ApiError(409, "has been modified");
      return put(secret);
    },
    close: async () => {},
  };
  return {
    api,
    present: () => {
      const found = readSecret(stored);
      return typeof found === "string" ? undefined : found.authority;
    },
  };
}

test("a step that builds on what is no longer the latest is not written, and does not take another's back", async () => {
  const { api, present } = secretApi();
  const end = new AbortController();
  const { promise: isFound, resolve } = Promise.withResolvers<Authority>();
  const options = { api, namespace: "a", clock: systemClock, lifetimes, signal: end.signal };
  const store = createAuthorityStore(options, async (authority) => resolve(authority));
  const running = store.run();
  const old = await isFound;
  const [mine, late] = [
    await firstAuthority({ now: 0, lifetimes }),
    await firstAuthority({ now: 0, lifetimes }),
  ];
  await Promise.all([store.replace(old, mine), store.replace(old, late)]);
  expect(present()).toEqual(mine);
  end.abort();
  await running;
});

test("an authority with which nothing could be begun is tried again when it is found again", async () => {
  const { api } = secretApi();
  const end = new AbortController();
  let attempts = 0;
  const { promise: isTaken, resolve } = Promise.withResolvers<void>();
  const options = { api, namespace: "a", clock: systemClock, lifetimes, signal: end.signal };
  const store = createAuthorityStore(options, async () => {
    if (++attempts === 1) throw new Error("not now");
    resolve();
  });
  const running = store.run();
  await isTaken;
  end.abort();
  await running;
  expect(attempts).toBe(2);
});
