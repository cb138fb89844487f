import { fakeClock } from "@sluice/source-kubernetes/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { patchFor } from "./desired.ts";
import { createDiagnosticBook } from "./diagnostic-book.ts";
import { clip, diagnosticText, eventName } from "./event-text.ts";
import { ingressFacts, isOlder } from "./facts.ts";
import { serviceAddresses } from "./service-addresses.ts";
import { createWorkQueue } from "./work-queue.ts";

const LIVE = { revision: "r1", generation: 3, nodes: 2, accepted: 2, refused: 0 };

function raw(metadata: object = {}, ingress?: object[]) {
  return {
    metadata: { uid: "u", resourceVersion: "5", ...metadata },
    ...(ingress === undefined ? {} : { status: { loadBalancer: { ingress } } }),
  };
}

function facts(metadata: object = {}, ingress?: object[]) {
  const found = ingressFacts(raw(metadata, ingress), "ours");
  if (found === undefined) throw new Error("no facts");
  return found;
}

const managedBy = (manager: string) => ({
  managedFields: [{ manager, fieldsV1: { "f:status": { "f:loadBalancer": { "f:ingress": {} } } } }],
});
const ADDRESSES = [{ ip: "192.0.2.7" }];

describe("the patch of an Ingress", () => {
  test("has annotations and addresses, and names the object", () => {
    expect(patchFor(facts(), { live: LIVE, addresses: ADDRESSES, wasOurs: true })).toEqual({
      metadata: {
        uid: "u",
        annotations: { "sluice.dev/live": "3 on 2 of 2", "sluice.dev/live-revision": "r1" },
      },
      status: { loadBalancer: { ingress: ADDRESSES } },
    });
  });

  test("is none where all of it is there", () => {
    const annotations = { "sluice.dev/live": "3 on 2 of 2", "sluice.dev/live-revision": "r1" };
    const present = facts({ annotations, ...managedBy("ours") }, ADDRESSES);
    expect(patchFor(present, { live: LIVE, addresses: ADDRESSES, wasOurs: true })).toBeUndefined();
  });

  test("changes addresses of ours, and none of somebody else", () => {
    const old = [{ hostname: "old.example" }];
    const desired = { live: LIVE, addresses: ADDRESSES, wasOurs: true };
    expect(patchFor(facts(managedBy("ours"), old), desired)).toHaveProperty("status");
    expect(patchFor(facts(managedBy("other"), old), desired)).not.toHaveProperty("status");
    expect(patchFor(facts({}, old), desired)).not.toHaveProperty("status");
  });

  test("takes back what was ours, and nothing that never was", () => {
    const annotations = { "sluice.dev/live": "3 on 2 of 2", "sluice.dev/live-revision": "r1" };
    const present = facts({ annotations, ...managedBy("ours") }, ADDRESSES);
    expect(patchFor(present, { wasOurs: true })).toEqual({
      metadata: { uid: "u", annotations: { "sluice.dev/live": null, "sluice.dev/live-revision": null } },
      status: { loadBalancer: { ingress: null } },
    });
    expect(patchFor(present, { wasOurs: false })).toBeUndefined();
  });
});

test("what a watch tells after the answer to a write is known to be older, but not of another object", () => {
  expect(isOlder(facts(), facts({ resourceVersion: "10" }))).toBe(true);
  expect(isOlder(facts({ resourceVersion: "10" }), facts())).toBe(false);
  expect(isOlder(facts(), facts({ resourceVersion: "10", uid: "v" }))).toBe(false);
});

describe("an Event", () => {
  test("names key, value, what was expected and what to do, each once", () => {
    const text = diagnosticText({
      code: "annotation-value",
      severity: "warning",
      message: "The value of x/timeout cannot be used.",
      key: "x/timeout",
      value: "soon",
      expected: "seconds",
      hint: "Write a number.",
    });
    expect(text).toEqual({
      type: "Warning",
      reason: "AnnotationValue",
      note: 'The value of x/timeout cannot be used. (value "soon", expected seconds) Write a number.',
    });
  });

  test("is cut to 1,024 bytes, between characters", () => {
    const note = clip("ä".repeat(600));
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note).toMatch(/^ä+…$/);
    expect(clip("short")).toBe("short");
  });

  test("has a name by its words that the API server takes", () => {
    const text = { type: "Normal", reason: "Live", note: "x" } as const;
    expect(eventName("web", "u", text)).toBe(eventName("web", "u", text));
    expect(eventName("web", "u", text)).not.toBe(eventName("web", "v", text));
    expect(eventName("a".repeat(253), "u", text)).toHaveLength(253);
  });
});

test("a finding that two parts have is one, until both have it no more", () => {
  const book = createDiagnosticBook();
  const object = { kind: "Ingress", namespace: "shop", name: "web" } as const;
  const found = { code: "annotation-value", severity: "warning", message: "m", origin: { object } } as const;
  book.set("a", [found]);
  book.set("b", [found]);
  expect(book.takeChanged()).toEqual(["Ingress/shop/web"]);
  expect(book.of("Ingress/shop/web")).toEqual([found]);
  book.set("a", []);
  expect(book.takeChanged()).toEqual([]);
  book.set("b", []);
  expect(book.takeChanged()).toEqual(["Ingress/shop/web"]);
  expect(book.of("Ingress/shop/web")).toEqual([]);
});

test("the addresses of a Service go by its type", () => {
  const lb = { loadBalancer: { ingress: [{ ip: "192.0.2.1", ports: [] }, { hostname: "lb.example" }] } };
  expect(
    serviceAddresses({ spec: { type: "LoadBalancer", externalIPs: ["192.0.2.2"] }, status: lb }),
  ).toEqual([{ ip: "192.0.2.1" }, { hostname: "lb.example" }, { ip: "192.0.2.2" }]);
  expect(serviceAddresses({ spec: { type: "LoadBalancer" }, status: {} })).toEqual([]);
  expect(serviceAddresses({ spec: { clusterIP: "10.96.0.1" } })).toEqual([{ ip: "10.96.0.1" }]);
  expect(serviceAddresses({ spec: { clusterIP: "None" } })).toEqual([]);
  expect(serviceAddresses({ spec: { type: "ExternalName", externalName: "x.example" } })).toEqual([
    { hostname: "x.example" },
  ]);
});

describe("the work queue", () => {
  function queue(work: (key: string) => Promise<{ wrote: boolean; againMs?: number }>) {
    const clock = fakeClock();
    const errors: string[] = [];
    const made = createWorkQueue({
      clock,
      random: () => 1,
      perSecond: 2,
      burst: 2,
      parallel: 8,
      work,
      onError: (key) => errors.push(key),
    });
    onTestFinished(() => made.close());
    return { clock, errors, made };
  }

  test("keeps to its rate, does what is urgent first, and each key once", async () => {
    const done: string[] = [];
    const { clock, made } = queue(async (key) => {
      done.push(key);
      return { wrote: true };
    });
    for (const key of ["a", "b", "c"]) made.add(key, "later");
    made.add("urgent", "soon");
    made.add("a", "later");
    expect(done).toEqual([]);
    made.setOn(true);
    await clock.asleep(1, 500);
    expect(done).toEqual(["urgent", "a"]);
    clock.advance(500);
    await clock.asleep(1, 500);
    expect(done).toEqual(["urgent", "a", "b"]);
  });

  test("what needed no request does not count", async () => {
    const done: string[] = [];
    const last = Promise.withResolvers<void>();
    const { made } = queue(async (key) => {
      done.push(key);
      if (done.length === 20) last.resolve();
      return { wrote: false };
    });
    for (let i = 0; i < 20; i++) made.add(`${i}`);
    made.setOn(true);
    await last.promise;
    expect(done).toHaveLength(20);
  });

  test("what fails is tried again after a growing wait", async () => {
    let tries = 0;
    const succeeded = Promise.withResolvers<void>();
    const { clock, errors, made } = queue(async () => {
      if (++tries < 3) throw new Error("no");
      succeeded.resolve();
      return { wrote: true };
    });
    made.setOn(true);
    made.add("a");
    await clock.asleep(500, 500);
    clock.advance(500);
    await clock.asleep(1_000, 1_000);
    clock.advance(1_000);
    await succeeded.promise;
    expect(errors).toEqual(["a", "a"]);
  });
});
