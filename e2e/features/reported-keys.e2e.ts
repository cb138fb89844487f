import { features } from "@sluice/features";
import { describe, expect, it } from "vitest";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const KEY = "mse.ingress.kubernetes.io/";

/** Name of the Ingress (and of its host) → annotation, value, and what is said of it. */
const CASES = ["no-effect", "out-of-scope", "refused"].flatMap((id) =>
  Object.entries(features.find((feature) => feature.id === id)?.keys ?? {}).map(([name, { example }], n) => ({
    name: `${id}${n}`,
    key: name.replace("*", "x"),
    value: example,
    code: id === "refused" ? "annotation-refused" : "annotation-no-effect",
    severity: id === "no-effect" ? "info" : "warning",
  })),
);

/** In the order of reports. */
const SNIPPETS = ["auth-snippet", "configuration-snippet", "server-snippet", "stream-snippet"];
const PROTECTIONS = [
  "deny all;",
  "allow 10.0.0.0/8;",
  "auth_request /x;",
  "limit_conn a 1;",
  "return 403;",
  "return 444;",
];

const shared = useGateway({
  backends: ["echo"],
  objects: () => [
    ...CASES.map(({ name, key, value }) =>
      ingress({ name, host: `${name}.example.com`, annotations: { [key]: value } }),
    ),
    ...PROTECTIONS.map((text, n) =>
      ingress({
        name: `protection${n}`,
        host: `protection${n}.example.com`,
        annotations: Object.fromEntries(SNIPPETS.map((key) => [key, text])),
      }),
    ),
    ingress({ name: "plain", host: "plain.example.com" }),
  ],
});

const plainHeaders = async (name: string) => {
  const { status, headers, seen } = await shared.send({ host: `${name}.example.com` });
  const own = ["host", "x-request-id", "x-forwarded-host", "traceparent"];
  const kept = Object.entries(seen().headers).filter(([key]) => !own.includes(key));
  return { status, names: Object.keys(headers).sort(), seen: Object.fromEntries(kept) };
};

describe("a key that does nothing here is reported once, and the Ingress served as without it", () => {
  it.each(CASES)("$key: $value", async ({ name, key, value, code, severity }) => {
    const found = shared.diagnostics(name);
    expect(found).toMatchObject([
      { code, severity, key: `${KEY}${key}`, message: expect.stringContaining(key) },
    ]);
    if (code === "annotation-no-effect") expect(found[0]?.value).toBe(value);
    expect(await plainHeaders(name)).toEqual(await plainHeaders("plain"));
  });
});

describe("a refused snippet that may protect something", () => {
  it.each(PROTECTIONS.map((text, n) => [text, n] as const))("%s", async (_, n) => {
    expect(shared.diagnostics(`protection${n}`)).toMatchObject(
      SNIPPETS.map((key) => ({
        code: "annotation-refused",
        severity: "warning",
        key: `${KEY}${key}`,
        message: expect.stringContaining("may be someone's protection"),
      })),
    );
    expect((await shared.send({ host: `protection${n}.example.com` })).status).toBe(200);
  });
});
