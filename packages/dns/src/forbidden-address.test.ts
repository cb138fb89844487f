import { describe, expect, test } from "vitest";
import { isForbiddenAddress } from "./forbidden-address.ts";

describe("refused", () => {
  test.each([
    ["loopback", "127.0.0.1"],
    ["loopback, all of it", "127.255.255.254"],
    ["unspecified", "0.0.0.0"],
    ["this network", "0.1.2.3"],
    ["link-local", "169.254.0.1"],
    ["metadata of most clouds", "169.254.169.254"],
    ["credentials of ECS tasks", "169.254.170.2"],
    ["metadata of Oracle Cloud", "192.0.0.192"],
    ["metadata of Alibaba Cloud", "100.100.100.200"],
    ["WireServer of Azure", "168.63.129.16"],
    ["multicast", "224.0.0.251"],
    ["reserved", "240.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["unspecified", "::"],
    ["loopback", "::1"],
    ["link-local", "fe80::1"],
    ["link-local, its last", "febf:ffff::1"],
    ["link-local with a zone", "fe80::1%eth0"],
    ["multicast", "ff02::1"],
    ["metadata of AWS", "fd00:ec2::254"],
    ["pod identity of AWS", "fd00:ec2::23"],
    ["metadata of Google Cloud", "fd20:ce::254"],
    ["metadata of Oracle Cloud", "fd00:c1::a9fe:a9fe"],
    ["NAT64 with a prefix of one's own", "64:ff9b:1::7f00:1"],
    ["Teredo", "2001:0:53aa:64c:0:0:80ff:fffe"],
  ])("%s: %s", (_what, address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });
});

describe("IPv6 forms of what is refused", () => {
  test.each([
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::FFFF:7F00:0001",
    "0:0:0:0:0:ffff:7f00:1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::ffff:0.0.0.0",
    "::ffff:100.100.100.200",
    "::127.0.0.1",
    "::7f00:1",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::c000:c0",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
  ])("%s", (address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });
});

describe("odd spellings", () => {
  test.each(["127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1", "0"])(
    "%s",
    (address) => {
      expect(isForbiddenAddress(address)).toBe(true);
    },
  );

  test.each([
    "0:0:0:0:0:0:0:1",
    "0000:0000:0000:0000:0000:0000:0000:0001",
    "::0.0.0.1",
    "FE80::1",
    "FD00:0EC2::254",
  ])("%s", (address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });

  test.each(["", " ", "localhost", "1.2.3.4.5", "10.0.0.1:80", "[::1]", "10.0.0.0/8", "10.0.0.1%lo", "::g"])(
    "%o is no address",
    (text) => {
      expect(isForbiddenAddress(text)).toBe(true);
    },
  );
});

describe("allowed, private ranges included", () => {
  test.each([
    "10.244.3.1",
    "172.16.0.1",
    "192.168.1.1",
    "192.0.1.1",
    "100.64.0.1",
    "100.100.100.201",
    "168.63.129.17",
    "169.253.255.255",
    "126.255.255.255",
    "128.0.0.1",
    "223.255.255.255",
    "93.184.216.34",
    "fd12:3456:789a::1",
    "fc00::1",
    "2001:db8::1",
    "2606:2800:220:1::1",
    "::ffff:10.0.0.1",
    "64:ff9b::5db8:d822",
    "2002:5db8:d822::1",
    "fec0::1",
  ])("%s", (address) => {
    expect(isForbiddenAddress(address)).toBe(false);
  });
});
