import { describe, expect, test } from "vitest";
import { isForbiddenName, isHostName } from "./host-name.ts";

describe("names", () => {
  test.each([
    "db.example.com",
    "db.example.com.",
    "DB.Example.COM",
    "db",
    "_dmarc.a_b.example",
    "1.2.3.example",
    "a".repeat(63),
  ])("%s", (text) => {
    expect(isHostName(text)).toBe(true);
  });

  test.each([
    "",
    ".",
    "a..b",
    "-a.example",
    "a-.example",
    "a b",
    "a.example:80",
    "http://a.example",
    "a/b",
    "*.example",
    "é.example",
    "a".repeat(64),
    `${"a.".repeat(127)}aa`,
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "0x7f.1",
    "2130706433",
    "a.0x",
    "::1",
    "a.example\n",
  ])("%o is none", (text) => {
    expect(isHostName(text)).toBe(false);
  });
});

describe("refused by name", () => {
  test.each([
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "localhost.localdomain",
    "ip6-localhost",
    "metadata.google.internal",
    "Metadata.Google.Internal.",
    "metadata.goog",
    "instance-data.ec2.internal",
  ])("%s", (name) => {
    expect(isForbiddenName(name)).toBe(true);
  });

  test.each(["localhost.example", "notlocalhost", "metadata.example.com", "google.internal", "db.example"])(
    "not %s",
    (name) => {
      expect(isForbiddenName(name)).toBe(false);
    },
  );
});
