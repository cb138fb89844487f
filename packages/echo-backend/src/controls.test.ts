import { expect, test } from "vitest";
import { parseControls } from "./controls.ts";

const none = {
  status: 200,
  delayMs: 0,
  headers: [],
  bodyBytes: undefined,
  reset: undefined,
  streamMs: undefined,
  grpcStatus: 0,
  failFirst: undefined,
};

test.each([
  [[], "", {}],
  [["X-Echo-Status", "503"], "", { status: 503 }],
  [["x-echo-status", "503"], "x-echo-status=404", { status: 503 }],
  [[], "x-echo-status=404", { status: 404 }],
  [["x-echo-status", "99"], "", {}],
  [["x-echo-status", "abc"], "", {}],
  [["x-echo-delay-ms", "20"], "", { delayMs: 20 }],
  [
    ["x-echo-header", "a: 1", "x-echo-header", "B:2, 3"],
    "",
    {
      headers: [
        ["a", "1"],
        ["B", "2, 3"],
      ],
    },
  ],
  [["x-echo-header", "no colon"], "", {}],
  [
    [],
    "x-echo-header=a:+1&x-echo-header=a:+2",
    {
      headers: [
        ["a", "1"],
        ["a", "2"],
      ],
    },
  ],
  [["x-echo-body-bytes", "0"], "", { bodyBytes: 0 }],
  [["x-echo-reset", "1"], "", { reset: "before" }],
  [["x-echo-reset", "during"], "", { reset: "during" }],
  [["x-echo-stream", ""], "", { streamMs: 100 }],
  [["x-echo-stream", "7"], "", { streamMs: 7 }],
  [["x-echo-grpc-status", "14"], "", { grpcStatus: 14 }],
  [["x-echo-fail-first", "2"], "", { failFirst: 2, status: 503 }],
  [["x-echo-fail-first", "2", "x-echo-status", "502"], "", { failFirst: 2, status: 502 }],
])("headers %j, query %j", (headers, query, expected) => {
  expect(parseControls(headers, new URLSearchParams(query))).toEqual({ ...none, ...expected });
});
