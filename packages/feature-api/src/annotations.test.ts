import { describe, expect, it } from "vitest";
import { resolveAnnotations } from "./annotations.ts";

const OBJECT = { kind: "Ingress", namespace: "default", name: "web" } as const;
const MSE = "mse.ingress.kubernetes.io/";
const NGINX = "nginx.ingress.kubernetes.io/";

function resolve(
  annotations: Record<string, string>,
  blankCounts?: (key: string) => boolean,
  nameOf?: (key: string) => string,
) {
  const { set, diagnostics } = resolveAnnotations(OBJECT, annotations, blankCounts, nameOf);
  const texts = Object.fromEntries([...set].map(([key, { text }]) => [key, text]));
  return { texts, conflicts: diagnostics.map(({ key }) => key) };
}

describe("resolveAnnotations", () => {
  it("lets the strongest prefix decide and reports each other one that differs", () => {
    const annotations = {
      [`${NGINX}a`]: "1",
      "higress.io/a": "2",
      "higress.ingress.kubernetes.io/a": "3",
      [`${MSE}a`]: "3 ",
      [`${NGINX}b`]: "4",
      "disabled.higress.io/b": "5",
      "example.com/c": "6",
    };
    expect(resolve(annotations)).toEqual({
      texts: { a: "3", b: "4" },
      conflicts: ["higress.io/a", `${NGINX}a`],
    });
  });

  it("takes a blank value for none, whichever prefix has it", () => {
    expect(resolve({ [`${MSE}a`]: " ", [`${NGINX}a`]: "1" })).toEqual({ texts: { a: "1" }, conflicts: [] });
    expect(resolve({ [`${MSE}a`]: "1", [`${NGINX}a`]: "" })).toEqual({ texts: { a: "1" }, conflicts: [] });
    expect(resolve({ [`${MSE}a`]: "", [`${NGINX}a`]: "" })).toEqual({ texts: { a: "" }, conflicts: [] });
  });

  it("takes a blank value for one where that counts", () => {
    expect(resolve({ [`${MSE}a`]: "", [`${NGINX}a`]: "1" }, (key) => key === "a")).toEqual({
      texts: { a: "" },
      conflicts: [`${NGINX}a`],
    });
  });

  describe("with other names of a key", () => {
    const nameOf = (key: string): string => (key === "a-alias" ? "z" : key);

    it("lets the prefix decide between them, and reports the other", () => {
      expect(resolve({ [`${NGINX}z`]: "1", [`${MSE}a-alias`]: "2" }, undefined, nameOf)).toEqual({
        texts: { z: "2" },
        conflicts: [`${NGINX}z`],
      });
    });

    it("lets the key's own name decide under one prefix", () => {
      expect(resolve({ [`${MSE}z`]: "1", [`${MSE}a-alias`]: "2" }, undefined, nameOf)).toEqual({
        texts: { z: "1" },
        conflicts: [`${MSE}a-alias`],
      });
      expect(resolve({ [`${MSE}z`]: "", [`${MSE}a-alias`]: "2" }, undefined, nameOf)).toEqual({
        texts: { z: "2" },
        conflicts: [],
      });
    });
  });
});
