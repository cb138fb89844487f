import { describe, expect, it } from "vitest";
import { keepResolved, type Lookup } from "./keep-resolved.ts";
import type { Resolution } from "./resolve-name.ts";
import { manualClock } from "./testing/manual-clock.ts";

/** A name whose outcomes the test decides; `outcome` resolves when it has been told. */
function setup(random = 0) {
  const clock = manualClock(random);
  const told: Lookup[] = [];
  const questions: PromiseWithResolvers<Resolution>[] = [];
  const stop = keepResolved("a.example", {
    clock,
    resolve() {
      const question = Promise.withResolvers<Resolution>();
      questions.push(question);
      return question.promise;
    },
    publish: (lookup) => told.push(lookup),
  });
  const outcome = async (resolution: Resolution): Promise<Lookup | undefined> => {
    questions.at(-1)?.resolve(resolution);
    await questions.at(-1)?.promise;
    return told.at(-1);
  };
  const answer = (addresses: readonly string[], ttl = 60) => outcome({ kind: "answer", addresses, ttl });
  const fail = (fault = "it failed") => outcome({ kind: "failure", fault });
  return { clock, told, questions, stop, answer, fail };
}

describe("an answer", () => {
  it("is sorted, each address once", async () => {
    const { answer } = setup();
    expect(await answer(["10.0.0.2", "10.0.0.1", "10.0.0.2"])).toEqual({
      addresses: ["10.0.0.1", "10.0.0.2"],
    });
  });

  it.each([
    [60, 0, 60_000],
    [60, 0.5, 63_000],
    [0, 0, 5_000],
    [4, 0, 5_000],
    [301, 0, 300_000],
    [86_400, 0.99, 329_700],
  ])("with a TTL of %i s and chance %f is asked for again after %i ms", async (ttl, random, ms) => {
    const { clock, questions, answer } = setup(random);
    await answer(["10.0.0.1"], ttl);
    expect(clock.due()).toEqual([ms]);
    clock.advance(ms - 1);
    expect(questions).toHaveLength(1);
    clock.advance(1);
    expect(questions).toHaveLength(2);
  });

  it("of no address replaces the addresses, and is tried again soon", async () => {
    const { clock, answer } = setup();
    await answer(["10.0.0.1"]);
    clock.advance(60_000);
    expect(await answer([])).toEqual({ addresses: [], fault: "DNS knows no address of it" });
    expect(clock.due()).toEqual([500]);
  });
});

describe("a failure", () => {
  it("leaves the last addresses", async () => {
    const { clock, answer, fail } = setup();
    expect(await fail()).toEqual({ addresses: [], fault: "it failed" });
    clock.advance(500);
    expect(await answer(["10.0.0.1"])).toEqual({ addresses: ["10.0.0.1"] });
    clock.advance(60_000);
    expect(await fail()).toEqual({ addresses: ["10.0.0.1"], fault: "it failed" });
    clock.advance(500);
    expect(await answer(["10.0.0.2"])).toEqual({ addresses: ["10.0.0.2"] });
  });

  it.each([
    [0, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]],
    [0.5, [750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]],
  ])("is tried again ever more rarely, within bounds, with chance %f", async (random, waits) => {
    const { clock, fail } = setup(random);
    const seen: number[] = [];
    for (const _ of waits) {
      await fail();
      const due = clock.due();
      seen.push(...due);
      clock.advance(due[0] ?? 0);
    }
    expect(seen).toEqual(waits);
  });

  it("starts over after a success", async () => {
    const { clock, answer, fail } = setup();
    for (const _ of [1, 2, 3]) {
      await fail();
      clock.advance(clock.due()[0] ?? 0);
    }
    await answer(["10.0.0.1"]);
    clock.advance(60_000);
    await fail();
    expect(clock.due()).toEqual([500]);
  });

  it("is what takes longer than 3 s; an answer that comes later is not heard", async () => {
    const { clock, told, questions, answer } = setup();
    clock.advance(3_000);
    expect(told).toEqual([{ addresses: [], fault: "no DNS server answered in time" }]);
    await answer(["10.0.0.1"]);
    expect(told).toHaveLength(1);
    clock.advance(500);
    expect(questions).toHaveLength(2);
  });

  it("is what throws, too: the name is tried again", async () => {
    const { clock, told, questions } = setup();
    questions[0]?.reject(new Error("a bug"));
    await questions[0]?.promise.catch(() => {});
    await Promise.resolve();
    expect(told).toEqual([{ addresses: [], fault: "a bug" }]);
    expect(clock.due()).toEqual([500]);
  });
});

describe("once stopped", () => {
  it("while it waits, there is no timer", async () => {
    const { clock, stop, answer } = setup();
    await answer(["10.0.0.1"]);
    stop();
    stop();
    expect(clock.due()).toEqual([]);
  });

  it("while it asks, there is no timer, and the answer is not heard", async () => {
    const { clock, told, stop, answer } = setup();
    stop();
    await answer(["10.0.0.1"]);
    expect(told).toEqual([]);
    expect(clock.due()).toEqual([]);
  });

  it("by whom it tells, there is no timer", async () => {
    const clock = manualClock();
    const answered = Promise.resolve<Resolution>({ kind: "answer", addresses: ["10.0.0.1"], ttl: 60 });
    const heard = Promise.withResolvers<void>();
    const stop = keepResolved("a.example", {
      clock,
      resolve: () => answered,
      publish() {
        stop();
        heard.resolve();
      },
    });
    await heard.promise;
    expect(clock.due()).toEqual([]);
  });
});
