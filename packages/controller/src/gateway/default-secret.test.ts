import { ApiError } from "@sluice/kubernetes-api";
import { secretCertificate } from "@sluice/translate";
import { describe, expect, test } from "vitest";
import { Settings } from "../config/settings.ts";
import { createDefaultSecret, DEFAULT_SECRET, defaultSecret } from "./default-secret.ts";

const secret = { namespace: "sluice", name: DEFAULT_SECRET, expected: false };

/** Creates the Secret at an API server that answers so, one answer for each request. */
async function create(...answers: readonly (Error | "created")[]) {
  const bodies: { type: string; data: Record<string, string> }[] = [];
  const said: string[] = [];
  const log = (level: string) => (_fields: object, message: string) => void said.push(`${level}: ${message}`);
  await createDefaultSecret({
    secret,
    api: {
      async write({ path, body }) {
        expect(path).toBe("/api/v1/namespaces/sluice/secrets");
        const answer = answers[bodies.length];
        // It is a Secret.
        bodies.push(body as (typeof bodies)[number]);
        if (answer instanceof Error) throw answer;
      },
    },
    // Of a log these two are used, in this form.
    log: { info: log("info"), warn: log("warn") } as never,
    signal: new AbortController().signal,
    wait: () => Promise.resolve(),
  });
  return { bodies, said };
}

describe("the shared default certificate", () => {
  test("is a Secret that translation can use", async () => {
    const { bodies, said } = await create("created");
    const [{ type = "", data = {} } = {}] = bodies;
    const decoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64")] as const);
    const result = secretCertificate({
      kind: "Secret",
      metadata: { namespace: "sluice", name: DEFAULT_SECRET, labels: {}, annotations: {} },
      type,
      data: Object.fromEntries(decoded),
    });
    expect(result.ok).toBe(true);
    expect(said).toEqual([expect.stringMatching(/^info: created/)]);
  });

  test("may be another replica's", async () => {
    const { bodies, said } = await create(new ApiError(409, "exists"));
    expect([bodies.length, said]).toEqual([1, []]);
  });

  test("that must not be created is told of, with what helps", async () => {
    const { bodies, said } = await create(new ApiError(403, "forbidden"));
    expect([bodies.length, said]).toEqual([1, [expect.stringMatching(/^warn: .*--default-certificate/)]]);
  });

  test("is tried again while the API server does not answer, and not for ever", async () => {
    const away = new Error("connect ECONNREFUSED");
    expect((await create(away, new ApiError(500, "later"), "created")).bodies.length).toBe(3);
    const { bodies, said } = await create(...Array.from({ length: 100 }, () => away));
    expect([bodies.length, said.length]).toEqual([10, 1]);
  });
});

test("which Secret holds the default certificate", () => {
  const of = (settings: object) => defaultSecret(Settings.parse(settings));
  expect(of({})).toBeUndefined();
  expect(of({ namespace: "sluice" })).toBeUndefined();
  expect(of({ kube: true, namespace: "sluice" })).toEqual(secret);
  expect(of({ kube: true, namespace: "sluice", defaultCertificate: "tls/wild" })).toEqual({
    namespace: "tls",
    name: "wild",
    expected: true,
  });
  expect(() => of({ defaultCertificate: "wild" })).toThrow("NAMESPACE/NAME");
});
