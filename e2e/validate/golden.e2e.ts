import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findEnvoy, type StaticResource, validateResources } from "@sluice/envoy";
import { TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

/** Every resource that a golden file expects is one that a real Envoy takes. */

type Body = StaticResource["body"];

interface Expected extends StaticResource {
  readonly file: string;
  readonly name: string;
}

const folder = join(import.meta.dirname, "../../packages/controller/golden");

const KINDS: Readonly<Record<string, StaticResource["kind"]>> = {
  [TYPE_URLS.LISTENER]: "listener",
  [TYPE_URLS.ROUTE_CONFIGURATION]: "routeConfiguration",
  [TYPE_URLS.VIRTUAL_HOST]: "virtualHost",
  [TYPE_URLS.CLUSTER]: "cluster",
  [TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT]: "loadAssignment",
  [TYPE_URLS.SECRET]: "secret",
};

function documents(file: string): readonly Body[] {
  // The files hold JSON objects and nothing else.
  return parseAllDocuments(readFileSync(file, "utf8")).map((document) => document.toJS() as Body);
}

function expected(file: string): Expected[] {
  return documents(join(folder, file)).flatMap((document) => {
    const { "@type": type, ...message } = document;
    const kind = KINDS[String(type)];
    if (kind === undefined) throw new Error(`${file} expects a ${type}`);
    const name = String(message.name ?? message.clusterName);
    const body = kind === "secret" ? withKey(message, join(folder, dirname(file), "input.yaml")) : message;
    // All cases are asked about at once, and most of them have a cluster of the same name.
    return body === undefined ? [] : [{ kind, file, name, body: { ...body, ...uniqueName(body, file) } }];
  });
}

function uniqueName(body: Body, file: string): Body {
  return body.name === undefined ? {} : { name: `${file}: ${body.name}` };
}

/** The key is redacted; it stands in the Secret of the input. The gateway's own certificate has none to show. */
function withKey(secret: Body, input: string): Body | undefined {
  if (secret.name === "default") return undefined;
  // An authority has nothing to hide.
  if (secret.validationContext !== undefined) return secret;
  const key = /^ {2}tls\.key: (\S+)$/m.exec(readFileSync(input, "utf8"))?.[1];
  if (key === undefined) throw new Error(`${input} has no key`);
  const { tlsCertificate } = secret;
  if (typeof tlsCertificate !== "object") throw new Error(`${input} expects no certificate`);
  return { ...secret, tlsCertificate: { ...tlsCertificate, privateKey: { inlineBytes: key } } };
}

test("Envoy accepts every resource of every golden file", async () => {
  const resources = globSync("*/*/expected.yaml", { cwd: folder }).sort().flatMap(expected);
  expect(resources.length).toBeGreaterThan(40);
  const { path } = await findEnvoy();
  const refused = await validateResources(path, resources);
  expect(refused.map(({ resource: { file, name }, message }) => `${file} ${name}: ${message}`)).toEqual([]);
});
