import type { ObjectKey, Resource } from "@sluice/model";
import { resourceKey } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { expect, test } from "vitest";
import { createLiveness, type IngressForm, type LivenessSource } from "./liveness.ts";
import type { LiveNode, Standing } from "./node.ts";

const WEB: ObjectKey = "Ingress/shop/web";
const OTHER: ObjectKey = "Ingress/shop/other";
const CLUSTER = resourceKey({ typeUrl: TYPE_URLS.CLUSTER, name: "shop/web/80" });

function host(name: string, ...ingresses: ObjectKey[]): Resource {
  return {
    typeUrl: TYPE_URLS.VIRTUAL_HOST,
    name: `http/${name}`,
    version: "1",
    bytes: new Uint8Array(),
    origins: ingresses.map((key) => {
      const [, namespace = "", ingress = ""] = key.split("/");
      return { object: { kind: "Ingress", namespace, name: ingress } };
    }),
    dependsOn: [{ typeUrl: TYPE_URLS.CLUSTER, name: "shop/web/80" }],
  };
}

/** A gateway whose nodes hold everything but what the test says. */
function bench(names: readonly string[]) {
  const standings = new Map<string, Standing>();
  const forms = new Map<ObjectKey, IngressForm>([[WEB, { revision: "a", generation: 1 }]]);
  const looked: ObjectKey[] = [];
  let pending: (() => void)[] = [];
  let isCurrent = true;
  const node = (name: string): LiveNode => ({
    name,
    rendering: "full",
    standing: (key) => standings.get(`${name} ${key}`) ?? { kind: "held" },
  });
  let nodes = names.map(node);
  const source: LivenessSource = {
    nodes: () => nodes,
    form(key) {
      looked.push(key);
      return forms.get(key);
    },
    isCurrent: () => isCurrent,
    alsoNeeded: () => [],
    soon: (run) => pending.push(run),
  };
  const liveness = createLiveness(source);
  return {
    liveness,
    forms,
    /** Keys of the Ingresses that were looked at since the last call. */
    looked: () => looked.splice(0),
    setCurrent(is: boolean) {
      isCurrent = is;
    },
    stands(name: string, key: string, standing: Standing) {
      standings.set(`${name} ${key}`, standing);
    },
    connect(...all: string[]) {
      nodes = [
        ...nodes.filter(({ name }) => all.includes(name)),
        ...all.filter((name) => !nodes.some((each) => each.name === name)).map(node),
      ];
      liveness.nodesChanged();
    },
    run() {
      const due = pending;
      pending = [];
      for (const each of due) each();
    },
    counts() {
      const state = liveness.state(WEB);
      return state && `${state.revision}: ${state.accepted} of ${state.nodes}, ${state.refused} refused`;
    },
  };
}

const PENDING: Standing = { kind: "pending" };
const WEB_HOST = resourceKey(host("web.example"));

test("an Ingress is live on the nodes that hold all that it shapes, and what that depends on", () => {
  const { liveness, stands, run, counts } = bench(["a", "b"]);
  liveness.rendered("full", host("web.example", WEB));
  stands("b", CLUSTER, PENDING);
  liveness.changed([WEB]);
  expect(counts()).toBeUndefined();
  run();
  expect(counts()).toBe("a: 1 of 2, 0 refused");
  expect(liveness.missing(WEB)).toEqual([{ node: "b", resource: "shop/web/80" }]);
  stands("b", CLUSTER, { kind: "held" });
  liveness.answered(CLUSTER);
  run();
  expect(counts()).toBe("a: 2 of 2, 0 refused");
});

test("a refusal is told with the node and its words", () => {
  const { liveness, stands, run, counts } = bench(["a", "b"]);
  liveness.rendered("full", host("web.example", WEB));
  stands("b", WEB_HOST, { kind: "refused", words: "no such filter" });
  liveness.changed([WEB]);
  run();
  expect(counts()).toBe("a: 1 of 2, 1 refused");
  expect(liveness.missing(WEB)).toEqual([
    { node: "b", resource: "http/web.example", words: "no such filter" },
  ]);
});

test("a later change of another Ingress of the host takes nothing back, one of its own does", () => {
  const { liveness, forms, stands, run, counts } = bench(["a"]);
  liveness.rendered("full", host("web.example", WEB));
  liveness.changed([WEB]);
  run();
  stands("a", WEB_HOST, PENDING);
  liveness.rendered("full", host("web.example", WEB, OTHER));
  liveness.changed([OTHER, WEB]);
  run();
  expect(counts()).toBe("a: 1 of 1, 0 refused");
  forms.set(WEB, { revision: "b", generation: 1 });
  liveness.changed([WEB]);
  run();
  expect(counts()).toBe("b: 0 of 1, 0 refused");
});

test("the removal of what it shaped before belongs to a change", () => {
  const { liveness, forms, stands, run, counts } = bench(["a"]);
  liveness.rendered("full", host("old.example", WEB));
  liveness.changed([WEB]);
  run();
  forms.set(WEB, { revision: "b", generation: 2 });
  stands("a", resourceKey(host("old.example")), PENDING);
  liveness.dropped("full", host("old.example"));
  liveness.rendered("full", host("web.example", WEB));
  liveness.changed([WEB]);
  run();
  expect(counts()).toBe("b: 0 of 1, 0 refused");
  stands("a", resourceKey(host("old.example")), { kind: "held" });
  liveness.answered(resourceKey(host("old.example")));
  run();
  expect(counts()).toBe("b: 1 of 1, 0 refused");
});

test("one that is set aside is live nowhere, though the nodes hold all that is wanted", () => {
  const { liveness, forms, run, counts } = bench(["a", "b"]);
  forms.set(WEB, { revision: "a", generation: 1, aside: {} });
  liveness.changed([WEB]);
  run();
  expect(counts()).toBe("a: 0 of 2, 0 refused");
  forms.set(WEB, { revision: "a", generation: 1, aside: { words: "bad regex" } });
  liveness.changed([WEB]);
  run();
  expect(counts()).toBe("a: 0 of 2, 2 refused");
  expect(liveness.missing(WEB)[0]).toEqual({ node: "a", words: "bad regex" });
  forms.set(WEB, { revision: "a", generation: 1 });
  liveness.changed([WEB]);
  run();
  expect(counts()).toBe("a: 2 of 2, 0 refused");
});

test("a node that connects counts when it holds everything, one that goes counts no more", () => {
  const { liveness, stands, connect, run, counts } = bench(["a"]);
  liveness.rendered("full", host("web.example", WEB));
  liveness.changed([WEB]);
  run();
  stands("b", WEB_HOST, PENDING);
  connect("a", "b");
  run();
  expect(counts()).toBe("a: 1 of 2, 0 refused");
  connect("b");
  run();
  expect(counts()).toBe("a: 0 of 1, 0 refused");
  connect();
  run();
  expect(counts()).toBe("a: 0 of 0, 0 refused");
});

test("nothing is said while something has not been rendered, and all of it afterwards", () => {
  const { liveness, setCurrent, run, counts } = bench(["a"]);
  setCurrent(false);
  liveness.changed([WEB]);
  run();
  expect(counts()).toBeUndefined();
  setCurrent(true);
  liveness.settled();
  run();
  expect(counts()).toBe("a: 1 of 1, 0 refused");
});

test("an answer makes nobody be looked at who does not wait for it", () => {
  const { liveness, looked, run, stands, forms } = bench(["a"]);
  forms.set(OTHER, { revision: "o", generation: 1 });
  liveness.rendered("full", host("web.example", WEB));
  liveness.rendered("full", host("other.example", OTHER));
  stands("a", WEB_HOST, PENDING);
  liveness.changed([WEB, OTHER]);
  run();
  looked();
  liveness.answered(resourceKey(host("other.example")));
  liveness.answered(WEB_HOST);
  run();
  expect(looked()).toEqual([WEB]);
});

test("an Ingress that is not served any more has no state", () => {
  const { liveness, forms, run, counts } = bench(["a"]);
  const told: ObjectKey[] = [];
  liveness.onChange((keys) => told.push(...keys));
  liveness.changed([WEB]);
  run();
  forms.delete(WEB);
  liveness.changed([WEB]);
  run();
  expect(counts()).toBeUndefined();
  expect(told).toEqual([WEB, WEB]);
});

test("a node does not count for a form that was gone for a moment, though nobody looked meanwhile", () => {
  const { liveness, forms, stands, run, counts } = bench(["a"]);
  liveness.rendered("full", host("web.example", WEB));
  liveness.changed([WEB]);
  run();
  stands("a", WEB_HOST, PENDING);
  forms.set(WEB, { revision: "b", generation: 1 });
  liveness.changed([WEB]);
  forms.set(WEB, { revision: "a", generation: 1 });
  liveness.changed([WEB]);
  run();
  expect(counts()).toBe("a: 0 of 1, 0 refused");
});

test("it is told when nodes come and go, also without any Ingress", () => {
  const { liveness, connect, run, forms } = bench([]);
  forms.clear();
  const told: (readonly string[])[] = [];
  liveness.onChange(() => told.push(liveness.nodes()));
  connect("a", "b");
  run();
  connect("b");
  run();
  expect(told).toEqual([["a", "b"], ["b"]]);
});
