import { decode, encode } from "@sluice/protos";
import { expect, test } from "vitest";
import { appendMessages } from "./wire.ts";

const NAME = "envoy.config.route.v3.RouteConfiguration";

test("members put together from bytes are those encoded at once", () => {
  // Lengths on both sides of where a varint grows by a byte.
  const virtualHosts = [0, 120, 127, 128, 20_000, 2_100_000].map((length, at) => ({
    name: `h${at}`,
    domains: ["d".repeat(length)],
  }));
  const members = virtualHosts.map((one) => encode("envoy.config.route.v3.VirtualHost", one));
  const bytes = appendMessages(encode(NAME, { name: "t", ignorePortInHostMatching: true }), 2, members);
  expect(decode(NAME, bytes)).toEqual(
    decode(NAME, encode(NAME, { name: "t", ignorePortInHostMatching: true, virtualHosts })),
  );
});

test("field numbers may take more than a byte", () => {
  const member = encode("google.protobuf.BoolValue", { value: true });
  const whole = encode("envoy.config.listener.v3.Listener", { name: "l", enableReusePort: { value: true } });
  const name = encode("envoy.config.listener.v3.Listener", { name: "l" });
  expect(appendMessages(name, 29, [member])).toEqual(whole);
});
