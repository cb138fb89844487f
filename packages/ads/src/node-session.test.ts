import type { Resource, ResourceRef } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { keyOf } from "./keys.ts";
import { NodeSession } from "./node-session.ts";
import { inShared, later, make, ref, resource } from "./testing/fixtures.ts";
import { TYPE_URLS } from "./type-urls.ts";
import { World } from "./world.ts";

const {
  CLUSTER: CDS,
  CLUSTER_LOAD_ASSIGNMENT: EDS,
  LISTENER: LDS,
  ROUTE_CONFIGURATION: RDS,
  VIRTUAL_HOST: VHDS,
} = TYPE_URLS;

/** A delta session on a clock that moves when told to. */
class Desk {
  readonly world = new World();
  readonly session: NodeSession;
  now = 0;

  constructor(resources: readonly Resource[]) {
    this.world.apply({ set: resources, removed: [] });
    this.world.open();
    this.session = new NodeSession({ node: "n", variant: "delta", world: this.world, now: () => this.now });
    this.world.subscribe((keys) => this.session.onChange(keys));
  }

  apply(set: readonly Resource[], removed: readonly ResourceRef[] = []): void {
    this.world.apply({ set, removed });
  }

  ask(
    typeUrl: string,
    subscribe: readonly string[] = [],
    initialVersions: Record<string, string> = {},
  ): void {
    this.session.onRequest({
      typeUrl,
      nonce: "",
      want: { variant: "delta", subscribe, unsubscribe: [], initialVersions },
    });
  }

  /** `TYPE nonce: names -removed` of each response. */
  sent(): string[] {
    return this.session.next().map(({ typeUrl, nonce, resources, removed }) => {
      const what = [...resources.map((one) => one.name), ...removed.map((name) => `-${name}`)];
      return `${typeUrl.split(".").at(-1)} ${nonce}: ${what.join(" ")}`;
    });
  }

  answer(typeUrl: string, nonce: string, error?: string): void {
    const want = { variant: "delta", subscribe: [], unsubscribe: [], initialVersions: {} } as const;
    this.session.onRequest({ typeUrl, nonce, want, ...(error === undefined ? {} : { error }) });
  }

  /** Lets the time pass at which the session wants to be woken. */
  sleep(): void {
    this.now = this.session.wakeAt ?? Number.NaN;
  }
}

describe("a client that held something before this stream", () => {
  test("keeps its clusters until it has said what refers to them", () => {
    const desk = new Desk([make.cluster("c")]);
    desk.ask(CDS, [], { c: make.cluster("c").version, left: "over" });
    expect(desk.sent()).toEqual([]);
    // Only this request tells that something may lead to the cluster that is left over.
    desk.now = 1_000;
    desk.ask(RDS, ["r"], { r: "unknown" });
    desk.ask(VHDS, [], { "r/h": "unknown" });
    expect(desk.sent()).toEqual([]);
    desk.sleep();
    expect(desk.now).toBe(2_000);
    expect(desk.sent()).toEqual([]);
    desk.session.onRequest({
      typeUrl: RDS,
      nonce: "",
      want: { variant: "delta", subscribe: [], unsubscribe: ["r"], initialVersions: {} },
    });
    expect(desk.sent()).toEqual(["Cluster 1: -left"]);
  });

  test("has its listeners and virtual hosts removed without delay", () => {
    const desk = new Desk([make.routes("r")]);
    desk.ask(LDS, [], { left: "over" });
    desk.ask(RDS, ["r"], { r: make.routes("r").version });
    desk.ask(VHDS, [], { "r/left": "over" });
    expect(desk.sent()).toEqual(["Listener 1: -left", "VirtualHost 2: -r/left"]);
  });
});

describe("while answers about clusters are withheld", () => {
  /** `slow` is under way and not answered. */
  function paused(): Desk {
    const desk = new Desk([make.routes("r"), make.cluster("old"), make.endpoints("old")]);
    desk.ask(CDS);
    desk.sent();
    desk.ask(EDS, ["old"]);
    desk.answer(CDS, "1");
    desk.sent();
    desk.answer(EDS, "2");
    desk.ask(RDS, ["r"]);
    desk.sent();
    desk.answer(RDS, "3");
    desk.ask(VHDS);
    desk.apply([make.cluster("slow")]);
    expect(desk.sent()).toEqual(["Cluster 4: slow", "VirtualHost 5: -r/~none"]);
    desk.answer(VHDS, "5");
    return desk;
  }

  test("the next response waits a little, then leaves; asking for endpoints is answer enough", () => {
    const desk = paused();
    desk.apply([make.cluster("new"), make.endpoints("new"), make.host("r/h", "new")]);
    expect(desk.sent()).toEqual([]);
    desk.sleep();
    expect(desk.now).toBe(100);
    expect(desk.sent()).toEqual(["Cluster 6: new"]);
    desk.ask(EDS, ["new"]);
    expect(desk.sent()).toEqual(["ClusterLoadAssignment 7: new"]);
    desk.answer(EDS, "7");
    expect(desk.sent()).toEqual(["VirtualHost 8: r/h"]);
    expect(desk.session.idle).toBe(false);
    for (const nonce of ["4", "6"]) desk.answer(CDS, nonce);
    desk.answer(VHDS, "8");
    expect(desk.sent()).toEqual([]);
    expect(desk.session.idle).toBe(true);
  });

  test("a route to an updated cluster waits for its endpoints, not for the answer", () => {
    const desk = paused();
    desk.sleep();
    desk.sent();
    desk.apply([make.cluster("old", { v: 2 }), make.host("r/h", "old")]);
    expect(desk.sent()).toEqual(["Cluster 6: old", "ClusterLoadAssignment 7: old"]);
    desk.answer(EDS, "7");
    expect(desk.sent()).toEqual(["VirtualHost 8: r/h"]);
  });

  test("what is under way can be changed and removed", () => {
    const desk = paused();
    desk.sleep();
    desk.apply([make.cluster("slow", { v: 2 })]);
    expect(desk.sent()).toEqual(["Cluster 6: slow"]);
    desk.apply([], [ref.cluster("slow")]);
    desk.sleep();
    expect(desk.sent()).toEqual(["Cluster 7: -slow"]);
    for (const nonce of ["4", "6", "7"]) desk.answer(CDS, nonce);
    expect(desk.sent()).toEqual([]);
    expect(desk.session.state.ledger.heldOf(CDS).size).toBe(1);
    expect(desk.session.idle).toBe(true);
  });

  test("no more than so many responses are under way, and changes wait for one to be answered", () => {
    const desk = paused();
    let sent = 0;
    for (let v = 0; v < 2_000; v++) {
      desk.apply([make.cluster("slow", { v })]);
      desk.now += 200;
      sent += desk.sent().length;
    }
    expect(sent).toBe(1_023);
    desk.answer(CDS, "4");
    expect(desk.sent()).toEqual(["Cluster 1029: slow"]);
    desk.answer(CDS, "1029");
    expect(desk.session.state.ledger.held(keyOf(CDS, "slow"))?.version).toBe(
      make.cluster("slow", { v: 1_999 }).version,
    );
  });

  test("each refusal is told by its nonce", () => {
    const desk = paused();
    desk.sleep();
    desk.apply([make.cluster("bad")]);
    expect(desk.sent()).toEqual(["Cluster 6: bad"]);
    desk.answer(CDS, "4");
    desk.answer(CDS, "6", "no");
    expect(desk.world.quarantine()).toMatchObject([{ name: "bad" }]);
    expect(desk.sent()).toEqual([]);
  });
});

test("what was refused for the sake of another is tried again when the other has changed", () => {
  const desk = new Desk([make.cluster("a"), make.cluster("b")]);
  desk.ask(CDS);
  expect(desk.sent()).toEqual(["Cluster 1: a b"]);
  desk.answer(CDS, "1", "they do not get along");
  expect(desk.sent()).toEqual(["Cluster 2: a"]);
  desk.answer(CDS, "2");
  expect(desk.sent()).toEqual(["Cluster 3: b"]);
  desk.answer(CDS, "3", "not with a");
  expect(desk.sent()).toEqual([]);
  // A new resource cannot be the remedy, so nothing is tried.
  desk.apply([make.cluster("other")]);
  expect(desk.sent()).toEqual(["Cluster 4: other"]);
  desk.answer(CDS, "4");
  expect(desk.sent()).toEqual([]);
  desk.apply([make.cluster("a", { v: 2 })]);
  expect(desk.sent()).toEqual(["Cluster 5: a"]);
  desk.answer(CDS, "5");
  expect(desk.sent()).toEqual(["Cluster 6: b"]);
  desk.answer(CDS, "6", "still not");
  // The next try has to wait.
  desk.apply([], [ref.cluster("a")]);
  expect(desk.sent()).toEqual(["Cluster 7: -a"]);
  desk.answer(CDS, "7");
  expect(desk.sent()).toEqual([]);
  expect(desk.world.quarantine()).toMatchObject([{ name: "b", words: "still not" }]);
  desk.sleep();
  expect(desk.now).toBe(1_000);
  expect(desk.sent()).toEqual(["Cluster 8: b"]);
  desk.answer(CDS, "8");
  expect(desk.world.quarantine()).toEqual([]);
});

test("changes to endpoints without end do not hold back a route", () => {
  const desk = new Desk([make.routes("r"), make.cluster("c"), make.endpoints("c"), make.host("r/h", "c")]);
  desk.ask(CDS);
  desk.sent();
  desk.ask(EDS, ["c"]);
  desk.answer(CDS, "1");
  desk.ask(RDS, ["r"]);
  desk.sent();
  desk.answer(EDS, "2");
  desk.answer(RDS, "3");
  desk.ask(VHDS);
  desk.sent();
  desk.answer(VHDS, "4");
  desk.apply([make.endpoints("c", { v: 1 }), make.host("r/h", "c", { v: 1 })]);
  // The endpoints that changed with the route go before it,
  expect(desk.sent()).toEqual(["ClusterLoadAssignment 5: c"]);
  desk.apply([make.endpoints("c", { v: 2 })]);
  desk.answer(EDS, "5");
  // and those that changed later do not.
  expect(desk.sent()).toEqual(["ClusterLoadAssignment 6: c", "VirtualHost 7: r/h"]);
});

describe("secrets, which a client accepts unseen when they come again", () => {
  const SDS = TYPE_URLS.SECRET;
  const secret = (name: string, v = 1) => resource(SDS, name, { v });

  test("travel alone until some node has accepted them", () => {
    const desk = new Desk([secret("a"), secret("b")]);
    desk.ask(SDS, ["a", "b"]);
    expect(desk.sent()).toEqual(["Secret 1: a", "Secret 2: b"]);
    desk.answer(SDS, "1", "bad");
    desk.answer(SDS, "2");
    expect(desk.sent()).toEqual([]);
    expect(desk.world.quarantine()).toMatchObject([{ name: "a", words: "bad" }]);
  });

  test("do not wait for each other's answers, but not all are under way at once", () => {
    const names = Array.from({ length: 100 }, (_, i) => `s${i}`);
    const desk = new Desk(names.map((name) => secret(name)));
    desk.ask(SDS, names);
    expect(desk.sent()).toHaveLength(64);
    desk.answer(SDS, "2");
    expect(desk.sent()).toEqual(["Secret 65: s64"]);
    // One that changes while it is under way is sent again, whatever is said of the form before.
    desk.apply([secret("s0", 2)]);
    desk.answer(SDS, "1", "bad");
    for (let nonce = 3; nonce <= 101; nonce++) {
      desk.sent();
      desk.answer(SDS, `${nonce}`);
    }
    expect(desk.world.quarantine()).toEqual([]);
    expect(desk.session.state.ledger.held(keyOf(SDS, "s0"))?.version).toBe(secret("s0", 2).version);
    expect(desk.session.idle).toBe(true);
  });

  test("give way to what the client uses when they are refused, once, and are not tried again unchanged", () => {
    const desk = new Desk([secret("a"), secret("b")]);
    desk.ask(SDS, ["a", "b"]);
    for (const nonce of ["1", "2"]) {
      desk.sent();
      desk.answer(SDS, nonce);
    }
    desk.apply([secret("a", 2)]);
    expect(desk.sent()).toEqual(["Secret 3: a"]);
    desk.answer(SDS, "3", "bad");
    const [again, ...more] = desk.session.next();
    expect(again?.resources).toEqual([secret("a")]);
    expect(more).toEqual([]);
    desk.answer(SDS, "4");
    desk.apply([secret("b", 2)]);
    expect(desk.sent()).toEqual(["Secret 5: b"]);
    desk.answer(SDS, "5");
    expect(desk.session.wakeAt).toBeUndefined();
    expect(desk.sent()).toEqual([]);
    expect(desk.world.quarantine()).toMatchObject([{ name: "a", words: "bad" }]);
    desk.apply([secret("a", 3)]);
    expect(desk.sent()).toEqual(["Secret 6: a"]);
    desk.answer(SDS, "6");
    expect(desk.world.quarantine()).toEqual([]);
  });
});

describe("virtual hosts of little urgency", () => {
  /** A node in whose tables are the same two hosts, and which takes 20 ms for an update. */
  function started(): Desk {
    const tables = ["http", "https"].flatMap((table) => [make.routes(table), make.listener(table)]);
    const desk = new Desk([
      ...tables,
      make.cluster("c"),
      make.endpoints("c"),
      ...hosts("a", 1),
      ...hosts("b", 1),
    ]);
    desk.ask(CDS);
    desk.ask(EDS, ["c"]);
    desk.ask(LDS);
    desk.ask(RDS, ["http", "https"]);
    desk.ask(VHDS);
    for (let round = 0; round < 4; round++) {
      desk.now += 20;
      for (const line of desk.sent()) desk.answer(typeOfLine(line), line.split(/[ :]/)[1] ?? "");
    }
    expect(desk.session.idle).toBe(true);
    return desk;
  }
  const hosts = (name: string, v: number) => [
    make.host(`http/${name}`, "c", { v }),
    later(make.host(`https/${name}`, "c", { v })),
  ];
  const typeOfLine = (line: string): string =>
    Object.values(TYPE_URLS).find((type) => type.endsWith(`.${line.split(" ")[0]}`)) ?? "";
  const names = (desk: Desk): string[] => desk.sent().map((line) => line.replace(/ \d+:/, ":"));
  const acknowledge = (desk: Desk): void => {
    desk.now += 20;
    const nonce = desk.session.state.ledger.inFlight.of(VHDS).at(-1)?.nonce ?? "";
    desk.answer(VHDS, nonce);
  };

  test("are all there before a table comes into use", () => {
    const desk = started();
    expect([...desk.session.state.ledger.heldOf(VHDS).keys()]).toHaveLength(4);
  });

  test("follow when the urgent ones have paused for some updates", () => {
    const desk = started();
    desk.apply(hosts("a", 2));
    expect(names(desk)).toEqual(["VirtualHost: http/a"]);
    acknowledge(desk);
    expect(names(desk)).toEqual([]);
    expect(desk.session.idle).toBe(false);
    desk.apply(hosts("b", 2));
    expect(names(desk)).toEqual(["VirtualHost: http/b"]);
    acknowledge(desk);
    expect(names(desk)).toEqual([]);
    const before = desk.now;
    desk.sleep();
    expect(desk.now).toBeLessThanOrEqual(before + 100);
    expect(names(desk)).toEqual(["VirtualHost: https/a https/b"]);
    acknowledge(desk);
    expect(names(desk)).toEqual([]);
    expect(desk.session.idle).toBe(true);
  });

  test("wait for no more than two seconds, and are removed likewise", () => {
    const desk = started();
    desk.apply([], [ref.host("http/a"), ref.host("https/a")]);
    expect(names(desk)).toEqual(["VirtualHost: -http/a"]);
    const start = desk.now;
    let v = 1;
    for (;;) {
      acknowledge(desk);
      desk.apply(hosts("b", ++v));
      const sent = names(desk);
      expect(sent).toEqual(["VirtualHost: http/b"]);
      desk.now += 50;
      acknowledge(desk);
      if (desk.now >= start + 2_000) break;
    }
    expect(names(desk)).toEqual(["VirtualHost: https/b -https/a"]);
  });
});

describe("virtual hosts in a table that many share", () => {
  const hosts = (name: string, v: number) => [
    inShared(make.host(`http/${name}`, "c", { v })),
    make.host(`own-${name}/${name}`, "c", { v }),
  ];
  function started(): Desk {
    const tables = ["http", "own-a", "own-b"].flatMap((table) => [make.routes(table), make.listener(table)]);
    const desk = new Desk([
      ...tables,
      make.cluster("c"),
      make.endpoints("c"),
      ...hosts("a", 1),
      ...hosts("b", 1),
    ]);
    desk.ask(CDS);
    desk.ask(EDS, ["c"]);
    desk.ask(LDS);
    desk.ask(RDS, ["http", "own-a", "own-b"]);
    desk.ask(VHDS);
    for (let round = 0; round < 6; round++) for (const line of desk.sent()) answer(desk, line);
    expect(desk.session.idle).toBe(true);
    return desk;
  }
  const answer = (desk: Desk, line: string): void => {
    const type = Object.values(TYPE_URLS).find((each) => each.endsWith(`.${line.split(" ")[0]}`)) ?? "";
    desk.answer(type, line.split(/[ :]/)[1] ?? "");
  };
  const next = (desk: Desk): string[] => {
    const lines = desk.sent();
    for (const line of lines) answer(desk, line);
    return lines.map((line) => line.replace(/ \d+:/, ":"));
  };

  test("follow those that have a table of their own", () => {
    const desk = started();
    desk.apply(hosts("a", 2));
    expect(next(desk)).toEqual(["VirtualHost: own-a/a"]);
    expect(next(desk)).toEqual(["VirtualHost: http/a"]);
    expect(next(desk)).toEqual([]);
    expect(desk.session.idle).toBe(true);
  });

  test("are held back once in a row only", () => {
    const desk = started();
    desk.apply(hosts("a", 2));
    expect(next(desk)).toEqual(["VirtualHost: own-a/a"]);
    desk.apply(hosts("b", 2));
    expect(next(desk)).toEqual(["VirtualHost: own-b/b http/a http/b"]);
    expect(next(desk)).toEqual([]);
  });

  test("go at once when there are no others", () => {
    const desk = started();
    desk.apply(hosts("a", 2).slice(0, 1));
    expect(next(desk)).toEqual(["VirtualHost: http/a"]);
  });
});
