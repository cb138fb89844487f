import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A user of the API server, known by a token from the first start on. */
export interface ClusterUser {
  readonly name: string;
  /** `system:masters` may do everything; others need RBAC. */
  readonly groups: readonly string[];
}

export interface Credentials {
  /** Keys that sign the tokens of ServiceAccounts. */
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  readonly tokenFile: string;
  /** Token by user name. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** Makes the keys and tokens of a cluster and writes them, readable to this user only, into a folder. */
export function makeCredentials(folder: string, users: readonly ClusterUser[]): Credentials {
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const tokens = new Map(users.map(({ name }) => [name, randomBytes(24).toString("hex")]));
  // kubernetes.io/docs/reference/access-authn-authz/authentication: token, user, uid, "group1,group2"
  const lines = users.map(
    ({ name, groups }) => `${tokens.get(name)},${name},${name},"${groups.join(",")}"\n`,
  );
  return {
    serviceAccountKey: write("sa.key", privateKey),
    serviceAccountPublicKey: write("sa.pub", publicKey),
    tokenFile: write("tokens.csv", lines.join("")),
    tokens,
  };
}

export interface KubeconfigOptions {
  /** Where it is written. */
  readonly file: string;
  readonly server: string;
  readonly caFile: string;
  readonly user: string;
  readonly token: string;
  readonly namespace?: string;
}

/** Writes a kubeconfig of one cluster, user and context, as JSON, which is YAML as well; returns the file. */
export function writeKubeconfig(options: KubeconfigOptions): string {
  const { file, server, caFile, user, token, namespace = "default" } = options;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "sluice", cluster: { server, "certificate-authority": caFile } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: "sluice", context: { cluster: "sluice", user, namespace } }],
    "current-context": "sluice",
  };
  writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  return file;
}
