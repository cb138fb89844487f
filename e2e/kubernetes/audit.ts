import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One request that the API server has logged. */
export interface Audited {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly name?: string;
    readonly namespace?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** What a ServiceAccount has asked of the API server, each stage of a request once. */
export function requestsOf(clusterFolder: string, serviceAccount: string, namespace = "default"): Audited[] {
  const lines = readFileSync(join(clusterFolder, "logs", "audit.log"), "utf8").split("\n");
  return (
    lines
      // The last line may be in the middle of being written.
      .slice(0, -1)
      // The policy of the test cluster has the API server log this form, one a line.
      .map((line) => JSON.parse(line) as Audited)
      .filter(({ user }) => user.username === `system:serviceaccount:${namespace}:${serviceAccount}`)
  );
}
