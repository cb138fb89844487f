import { describe, expect, test } from "vitest";
import { headerControl } from "./header-control.ts";
import { MAX_HEADER_FIELDS } from "./support/header-lines.ts";
import { tryFeature } from "./support/try-feature.ts";

const OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD";

test("a canary has header control of its own", () => {
  expect(headerControl.perVariant).toBe(true);
});

test("adds, sets and removes on both sides", () => {
  const tried = tryFeature(headerControl, {
    "request-header-control-add": "x-a 1",
    "request-header-control-update": "x-b 2",
    "request-header-control-remove": "X-C, x-d,,x-c",
    "response-header-control-add": "x-e 3",
    "response-header-control-update": "x-f 4",
    "response-header-control-remove": "x-g",
  });
  expect(tried.findings).toEqual([]);
  expect(tried.route()).toEqual({
    route: { cluster: "c" },
    requestHeadersToRemove: ["x-c", "x-d"],
    requestHeadersToAdd: [
      { header: { key: "x-b", value: "2" }, appendAction: OVERWRITE },
      { header: { key: "x-a", value: "1" } },
    ],
    responseHeadersToRemove: ["x-g"],
    responseHeadersToAdd: [
      { header: { key: "x-f", value: "4" }, appendAction: OVERWRITE },
      { header: { key: "x-e", value: "3" } },
    ],
  });
});

test("a route without the annotations stays as it is", () => {
  expect(tryFeature(headerControl, {}).route()).toEqual({ route: { cluster: "c" } });
});

describe("lines", () => {
  test.each<[string, string, ReadonlyArray<readonly [string, string]>]>([
    ["one", "x-a 1", [["x-a", "1"]]],
    ["blanks inside the value", "x-a  hello  world ", [["x-a", "hello  world"]]],
    ["a tab", "x-a\tb", [["x-a", "b"]]],
    [
      "several, trimmed, with empty ones",
      "\n  x-a 1\r\n\n\tx-b 2 \n",
      [
        ["x-a", "1"],
        ["x-b", "2"],
      ],
    ],
    ["quotes around both", "\"x-a\" 'a b'", [["x-a", "a b"]]],
    ["one pair of quotes only", 'x-a ""b""', [["x-a", '"b"']]],
    ["quotes that are no pair", "x-a \"b'", [["x-a", "\"b'"]]],
    ["a single quote", 'x-a "', [["x-a", '"']]],
    ["upper case", "X-Team Pay", [["x-team", "Pay"]]],
    [
      "one name twice",
      "x-a 1\nx-a 2",
      [
        ["x-a", "1"],
        ["x-a", "2"],
      ],
    ],
    ["a percent sign", "x-a 100% %REQ(x)%", [["x-a", "100%% %%REQ(x)%%"]]],
    ["letters beyond ASCII", "x-a Grüße", [["x-a", "Grüße"]]],
  ])("%s", (_, text, fields) => {
    const tried = tryFeature(headerControl, { "request-header-control-add": text });
    expect(tried.findings).toEqual([]);
    const headers = tried.route().requestHeadersToAdd?.map(({ header }) => [header?.key, header?.value]);
    expect(headers).toEqual(fields);
  });

  test("a quoted empty value is a header without text", () => {
    expect(tryFeature(headerControl, { "response-header-control-update": 'x-a ""' }).route()).toMatchObject({
      responseHeadersToAdd: [
        { header: { key: "x-a", value: "" }, appendAction: OVERWRITE, keepEmptyValue: true },
      ],
    });
  });

  test.each([
    ["no value", "x-a"],
    ["a colon", ":path /x"],
    ["Host", "Host a.example"],
    ["Host in quotes", '"host" a.example'],
    ["content-length", "Content-Length 3"],
    ["transfer-encoding", "transfer-encoding chunked"],
    ["a name with a colon behind it", "x-a: 1"],
    ["a name that is no token", "x(a) 1"],
    ["a name that is no ASCII", "x-ä 1"],
    ["a control character", "x-a b\u0007c"],
    ["a zero byte", "x-a b\u0000"],
  ])("%s: the line is reported and the others hold", (_, line) => {
    const tried = tryFeature(headerControl, { "request-header-control-update": `x-b 1\n${line}\nx-c 2` });
    expect(tried.findings).toEqual(["request-header-control-update annotation-value"]);
    expect(tried.route().requestHeadersToAdd?.map(({ header }) => header?.key)).toEqual(["x-b", "x-c"]);
  });

  test("headers without a line break between them are one value, and reported", () => {
    const tried = tryFeature(headerControl, { "request-header-control-update": "x-a 1x-b 2" });
    expect(tried.route().requestHeadersToAdd).toEqual([
      { header: { key: "x-a", value: "1x-b 2" }, appendAction: OVERWRITE },
    ]);
    expect(tried.diagnostics).toMatchObject([{ severity: "warning", value: "x-a 1x-b 2" }]);
  });

  test("a value that only looks a little like it is not noted", () => {
    const text = "x-a see x-b for more\nx-c max-age=1\nvary x-d";
    expect(tryFeature(headerControl, { "request-header-control-add": text }).findings).toEqual([]);
  });

  test("no more lines than Envoy takes", () => {
    const text = Array.from({ length: MAX_HEADER_FIELDS + 9 }, (_, index) => `x-${index} 1`).join("\n");
    const tried = tryFeature(headerControl, { "request-header-control-add": text });
    expect(tried.findings).toEqual(["request-header-control-add annotation-value"]);
    expect(tried.route().requestHeadersToAdd).toHaveLength(MAX_HEADER_FIELDS);
  });
});

test.each(["host", ":status", "a b", "x-a, ä"])("removing %j is refused as a whole", (text) => {
  const tried = tryFeature(headerControl, {
    "response-header-control-remove": text,
    "response-header-control-add": "x-b 1",
  });
  expect(tried.findings).toEqual(["response-header-control-remove annotation-value"]);
  expect(tried.route()).toEqual({
    route: { cluster: "c" },
    responseHeadersToAdd: [{ header: { key: "x-b", value: "1" } }],
  });
});

test("mutations of other features stay", () => {
  const { policy } = tryFeature(headerControl, { "request-header-control-add": "x-a 1" });
  const out = { route: {}, requestHeadersToAdd: [{ header: { key: "x-z", value: "0" } }] };
  headerControl.route?.(out, policy, {
    routeName: "r",
    policies: {},
    path: { kind: "prefix", value: "/" },
    https: false,
  });
  expect(out.requestHeadersToAdd.map(({ header }) => header.key)).toEqual(["x-z", "x-a"]);
});

test.each(
  ["request", "response"].flatMap((side) => [
    [`${side}-header-control-add`, "x-a"],
    [`${side}-header-control-update`, "x a: b\u0007"],
    [`${side}-header-control-remove`, "x-a, x b"],
  ]),
)("%s: %j is reported, and changes nothing", (key = "", value = "") => {
  const tried = tryFeature(headerControl, { [key]: value });
  expect(tried.findings).toEqual([`${key} annotation-value`]);
  expect(tried.route()).toEqual({ route: { cluster: "c" } });
});
