import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { useGateway } from "../support/use-gateway.ts";

const BAD = ["a/b/c", "Fallback", "fall back", "fallback:80"];

const shared = useGateway({
  backends: ["echo", "fallback"],
  objects: ({ get }) => [
    ...service("idle", []),
    ...service("far", [{ port: get("fallback").port }], "errors", 8080),
    ingress({
      name: "default",
      host: "default.example.com",
      annotations: { "default-backend": "fallback", "rewrite-target": "/rewritten" },
      paths: [
        { path: "/idle", service: "idle" },
        { path: "/live", service: "echo" },
        { path: "/missing", service: "nobody" },
        { path: "/named", service: "idle", port: "http" },
      ],
    }),
    ingress({
      name: "elsewhere",
      host: "elsewhere.example.com",
      annotations: { "default-backend": "errors/far" },
      paths: [{ path: "/", service: "idle" }],
    }),
    ingress({
      name: "neither",
      host: "neither.example.com",
      annotations: { "default-backend": "idle" },
      paths: [{ path: "/", service: "idle" }],
    }),
    ingress({
      name: "missing",
      host: "missing.example.com",
      annotations: { "default-backend": "nobody" },
      paths: [{ path: "/", service: "idle" }],
    }),
    ...BAD.map((value, n) =>
      ingress({
        name: `bad${n}`,
        host: `bad${n}.example.com`,
        annotations: { "default-backend": value },
        paths: [{ path: "/", service: "idle" }],
      }),
    ),
  ],
});

const HOST = "default.example.com";

describe("default-backend", () => {
  it("takes the traffic of a Service without a ready endpoint, path unchanged, and is told why", async () => {
    const headers = { accept: "text/html", "x-code": "200", "x-namespace": "forged" };
    const seen = (await shared.send({ host: HOST, path: "/idle/x?q=1", headers })).seen();
    expect(seen).toMatchObject({
      backend: "fallback",
      path: "/idle/x?q=1",
      host: HOST,
      headers: {
        "x-code": "503",
        "x-format": "text/html",
        "x-original-uri": "/idle/x?q=1",
        "x-namespace": "default",
        "x-ingress-name": "default",
        "x-service-name": "idle",
        "x-service-port": "80",
        "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
  });

  it("is told no format by a client that accepts none", async () => {
    const seen = (await shared.send({ host: HOST, path: "/idle", headers: { "x-format": "forged" } })).seen();
    expect(seen.headers["x-code"]).toBe("503");
    expect(seen.headers["x-format"]).toBeUndefined();
  });

  it("gives its own status", async () => {
    const response = await shared.send({ host: HOST, path: "/idle", headers: { "x-echo-status": "404" } });
    expect(response.status).toBe(404);
  });

  it("is told the port as the rule has it", async () => {
    const seen = (await shared.send({ host: HOST, path: "/named" })).seen();
    expect(seen.headers["x-service-port"]).toBe("http");
  });

  it("stands in for a Service that does not exist", async () => {
    expect(await shared.who({ host: HOST, path: "/missing" })).toBe("fallback");
  });

  it("leaves rules alone whose Service is ready, and answers of 503 as well", async () => {
    const seen = (await shared.send({ host: HOST, path: "/live" })).seen();
    expect(seen).toMatchObject({ backend: "echo", path: "/rewritten" });
    expect(seen.headers).not.toHaveProperty("x-code");
    const response = await shared.send({ host: HOST, path: "/live", headers: { "x-echo-status": "503" } });
    expect(response.headers["x-echo-backend"]).toBe("echo");
  });

  it("may be of another namespace, at its first port", async () => {
    expect(await shared.who({ host: "elsewhere.example.com" })).toBe("fallback");
  });

  it("without a ready endpoint, or not there: 503", async () => {
    expect(await shared.who({ host: "neither.example.com" })).toBe(503);
    expect(await shared.who({ host: "missing.example.com" })).toBe(503);
    expect(shared.diagnostics("missing")).toMatchObject([
      { code: "service-missing", key: "mse.ingress.kubernetes.io/default-backend", value: "nobody" },
    ]);
  });

  it("steps in and back as endpoints go and come", async () => {
    const { gateway } = shared;
    const slice = service("idle", [{ port: shared.get("echo").port }]).slice(1);
    await gateway.apply("idle-slice.yaml", yamlOf(...slice));
    expect((await shared.send({ host: HOST, path: "/idle" })).seen()).toMatchObject({
      backend: "echo",
      path: "/rewritten",
    });
    await gateway.remove("idle-slice.yaml");
    expect(await shared.who({ host: HOST, path: "/idle" })).toBe("fallback");
  });

  it.each(BAD.map((value, n) => [value, n] as const))("%j is ignored and reported", async (value, n) => {
    expectIgnored(shared, `bad${n}`, "default-backend", value);
    expect(await shared.who({ host: `bad${n}.example.com` })).toBe(503);
  });
});
