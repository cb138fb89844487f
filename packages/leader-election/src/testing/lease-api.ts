import { ApiError, type ApiWrite, type KubeApi } from "@sluice/kubernetes-api";

interface LeaseBody {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly spec: Readonly<Record<string, unknown>> & { readonly holderIdentity: string };
}

/** A fake API server that knows one Lease, with the rules of real ones for versions. */
export interface LeaseApi extends KubeApi {
  /** As `read` of the Lease would give it; undefined: there is none. */
  lease(): LeaseBody | undefined;
  /** `away`: every request fails. `hangs`: none is answered before its signal. */
  setState(state: "up" | "away" | "hangs"): void;
  remove(): void;
  /** Answered writes. */
  readonly writes: number;
}

export function leaseApi(): LeaseApi {
  let stored: LeaseBody | undefined;
  let version = 0;
  let state: "up" | "away" | "hangs" = "up";
  let writes = 0;

  const reach = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (state === "away") throw new Error("connect ECONNREFUSED");
    if (state === "up") return;
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason));
    await promise;
  };
  const put = (body: LeaseBody): LeaseBody => {
    writes++;
    stored = { ...body, metadata: { ...body.metadata, resourceVersion: `${++version}` } };
    return stored;
  };
  return {
    lease: () => stored,
    setState(next) {
      state = next;
    },
    remove() {
      stored = undefined;
    },
    get writes() {
      return writes;
    },
    async json({ signal }) {
      await reach(signal);
      if (stored === undefined) throw new ApiError(404, "not found");
      return stored;
    },
    async write({ method, body, signal }: ApiWrite) {
      await reach(signal);
      // The one client of it sends Leases.
      const lease = body as LeaseBody;
      if (method === "POST") {
        if (stored !== undefined) throw new ApiError(409, "already exists");
        return put(lease);
      }
      if (stored === undefined) throw new ApiError(404, "not found");
      if (lease.metadata.resourceVersion !== stored.metadata.resourceVersion)
        throw new ApiError(409, "the object has been modified");
      return put(lease);
    },
    stream: () => Promise.reject(new Error("nobody watches a Lease")),
    close: async () => {},
  };
}
