import type { Resource } from "@sluice/model";

/** A request of either variant, reduced to what both have. */
export interface Request {
  readonly typeUrl: string;
  /** Nonce of the response that is answered; empty in a first or a spontaneous request. */
  readonly nonce: string;
  /** Envoy's words when it refuses; a refusal is told by their presence alone (`error_detail`). */
  readonly error?: string;
  readonly want:
    | {
        readonly variant: "delta";
        readonly subscribe: readonly string[];
        readonly unsubscribe: readonly string[];
        /** Versions of what the client holds from an earlier stream, by name. */
        readonly initialVersions: Readonly<Record<string, string>>;
      }
    | { readonly variant: "sotw"; readonly names: readonly string[] };
}

/** A response of either variant. */
export interface Response {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Delta: what changes. State of the world: everything of LDS and CDS, what changes of the others. */
  readonly resources: readonly Resource[];
  /** Delta only: names. */
  readonly removed: readonly string[];
}
