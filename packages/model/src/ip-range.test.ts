import { expect, test } from "vitest";
import { parseIpRange } from "./ip-range.ts";

test.each([
  ["10.1.2.3", "10.1.2.3/32"],
  [" 10.1.2.3 ", "10.1.2.3/32"],
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["2001:DB8:0::1", "2001:db8::1/128"],
  ["2001:db8::/33", "2001:db8::/33"],
  ["::/0", "::/0"],
  ["::ffff:10.1.2.3", "10.1.2.3/32"],
  ["::ffff:10.1.2.0/120", "10.1.2.0/24"],
  ["::ffff:0:0/96", "0.0.0.0/0"],
])("%s is the range %s", (text, cidr) => {
  expect(parseIpRange(text)).toEqual({ cidr, hasHostBits: false });
});

test.each([
  ["10.1.2.3/8", "10.0.0.0/8"],
  ["10.1.2.3/31", "10.1.2.2/31"],
  ["10.1.2.3/0", "0.0.0.0/0"],
  ["2001:db8::1/64", "2001:db8::/64"],
  ["::ffff:10.1.2.3/104", "10.0.0.0/8"],
  ["::ffff:10.1.2.3/95", "::fffe:0:0/95"],
])("%s has bits that mean nothing, and is %s", (text, cidr) => {
  expect(parseIpRange(text)).toEqual({ cidr, hasHostBits: true });
});

test.each([
  "",
  "*",
  "10",
  "10.1.2",
  "10.1.2.256",
  "010.1.2.3",
  "0x0a.1.2.3",
  "10.1.2.3/33",
  "10.1.2.3/08",
  "10.1.2.3/-1",
  "10.1.2.3/",
  "10.1.2.3/8/8",
  "10.1.2.3/255.0.0.0",
  "10.1.2.3,10.1.2.4",
  "fe80::1%eth0",
  "::1/129",
  "[::1]",
  "localhost",
])("%j is no range", (text) => {
  expect(parseIpRange(text)).toBeUndefined();
});
