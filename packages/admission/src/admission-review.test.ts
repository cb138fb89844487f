import { expect, test } from "vitest";
import { parseReview, reviewResponse } from "./admission-review.ts";

const review = (request: unknown): string =>
  JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });

test("a review is read, with or without its object", () => {
  const object = { kind: "Ingress" };
  expect(parseReview(review({ uid: "u", operation: "CREATE", object }))).toEqual({
    uid: "u",
    operation: "CREATE",
    object,
  });
  const update = parseReview(review({ uid: "u", operation: "UPDATE", object, oldObject: { kind: "Old" } }));
  expect(update?.oldObject).toEqual({ kind: "Old" });
  const deletion = parseReview(review({ uid: "u", operation: "DELETE", object: null }));
  expect(deletion).toEqual({ uid: "u", operation: "DELETE", object: undefined });
});

test.each([
  ["", "no JSON"],
  ["{}", "no review"],
  [review({ operation: "CREATE" }), "no uid"],
  [review({ uid: "u", operation: "CREATE", object: [] }), "a list for an object"],
  [review(undefined).replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1"), "another version"],
])("%s is refused: %s", (body) => {
  expect(parseReview(body)).toBeUndefined();
});

interface Answer {
  readonly response: { readonly allowed: boolean; readonly warnings?: string[]; readonly status?: object };
}

const answer = (denied: string | undefined, warnings: readonly string[]): Answer["response"] =>
  // The function answers with plain JSON of this form.
  (reviewResponse("u", { ...(denied === undefined ? {} : { denied }), warnings }) as Answer).response;

test("an answer allows or denies, and has no empty list", () => {
  expect(answer(undefined, [])).toEqual({ uid: "u", allowed: true });
  expect(answer("no.", ["w"])).toEqual({
    uid: "u",
    allowed: false,
    status: { code: 403, message: "no." },
    warnings: ["w"],
  });
});

test("a warning is one line that the API server does not cut", () => {
  const { warnings = [] } = answer(undefined, [`a\r\nb\u0000c`, "é".repeat(300)]);
  expect(warnings[0]).toBe("a b c");
  expect(warnings[1]).toBe(`${"é".repeat(255)}…`);
});

test("what the API server would drop is counted", () => {
  const { warnings = [] } = answer(
    undefined,
    Array.from({ length: 50 }, () => "x".repeat(200)),
  );
  expect(warnings.at(-1)).toBe(`${50 - (warnings.length - 1)} more; see sluice check`);
  expect(Buffer.byteLength(warnings.join(""))).toBeLessThanOrEqual(4096);
  expect(warnings.length).toBeGreaterThan(15);
});

test("a megabyte of reason is cut, and so is a warning of that size", () => {
  const { status, warnings = [] } = answer("x".repeat(1_000_000), ["\u{1F600}".repeat(500_000)]);
  expect(JSON.stringify(status).length).toBeLessThan(5_000);
  expect([...(warnings[0] ?? "")]).toHaveLength(256);
});
