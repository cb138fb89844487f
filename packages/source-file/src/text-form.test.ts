import { describe, expect, it } from "vitest";
import { endsShort, formOf } from "./text-form.ts";

const PATHS = `kind: Ingress
metadata:
  name: a
spec:
  rules:
    - http:
        paths:
          - path: /one
            backend:
              service:
                name: web
                port:
                  number: 80
          - path: /two
            backend:
              service:
                name: web
                port:
                  number: 80
`;

describe("endsShort", () => {
  it("is true of every first part that ends at a line", () => {
    const lines = PATHS.split("\n").slice(0, -1);
    for (let n = 0; n < lines.length; n++) {
      const part = lines.slice(0, n).map((line) => `${line}\n`);
      expect(endsShort(formOf(PATHS), part.join("")), `${n} lines`).toBe(true);
    }
  });

  it("is true of what is appended line by line, until the end is like the old one", () => {
    const added = "---\nkind: Service\nmetadata:\n  name: web\n";
    expect(endsShort(formOf(PATHS), PATHS + added)).toBe(true);
    expect(endsShort(formOf(PATHS), PATHS)).toBe(false);
    expect(endsShort(formOf(PATHS), `${PATHS}---\n${PATHS}`)).toBe(false);
  });

  it("is false where values were edited, at the end as elsewhere, and where lines came or went before the end", () => {
    expect(endsShort(formOf(PATHS), PATHS.replaceAll("80", "8"))).toBe(false);
    expect(endsShort(formOf(PATHS), PATHS.replace("  name: a\n", ""))).toBe(false);
    expect(endsShort(formOf(PATHS), `# new\n${PATHS}`)).toBe(false);
    expect(endsShort(formOf('{"a": 1}'), '{"a": 2}')).toBe(false);
  });

  it("is true where the line break at the end has gone", () => {
    expect(endsShort(formOf(PATHS), PATHS.trimEnd())).toBe(true);
    expect(endsShort(formOf("a: 1"), "a: 2")).toBe(false);
  });
});
