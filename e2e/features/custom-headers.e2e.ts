import { expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const KEY = "custom-headers";

const configMap = (name: string, data: Readonly<Record<string, string>>, namespace = "default"): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});

const HOSTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  good: { [KEY]: "headers" },
  named: { [KEY]: "default/headers" },
  partly: { [KEY]: "partly" },
  redirect: { [KEY]: "headers", "permanent-redirect": "https://example.com/" },
  missing: { [KEY]: "missing" },
  foreign: { [KEY]: "other/headers" },
};

const shared = useGateway({
  backends: ["echo"],
  objects: () => [
    configMap("headers", { "X-A": "100% %REQ(host)%", "Cache-Control": "no-store" }),
    configMap("headers", { "X-A": "foreign" }, "other"),
    configMap("partly", { Host: "evil.example", "x-b": "1" }),
    ...Object.entries(HOSTS).map(([name, annotations]) =>
      ingress({ name, host: `${name}.example.com`, annotations }),
    ),
  ],
});

const send = (name: string) =>
  shared.send({ host: `${name}.example.com`, headers: { "x-echo-header": "Cache-Control: max-age=5" } });

it.each(["good", "named", "redirect"])(
  "%s: sets the headers on answers, redirects included",
  async (name) => {
    const { headers, status } = await send(name);
    expect(status).toBe(name === "redirect" ? 301 : 200);
    expect(headers).toMatchObject({ "x-a": "100% %REQ(host)%", "cache-control": "no-store" });
    expect(shared.diagnostics(name)).toEqual([]);
  },
);

it("an entry that cannot be a header is skipped and reported", async () => {
  const { headers } = await send("partly");
  expect(headers).toMatchObject({ "x-b": "1" });
  expect(headers.host).toBeUndefined();
  expect(shared.diagnostics("partly")).toMatchObject([{ code: "annotation-value", value: "Host" }]);
});

it.each(["missing", "foreign"])("a ConfigMap that is %s is reported, and sets nothing", async (name) => {
  expectIgnored(shared, name, KEY, HOSTS[name]?.[KEY] ?? "");
  const { headers } = await send(name);
  expect([headers["x-a"], headers["cache-control"]]).toEqual([undefined, "max-age=5"]);
});
