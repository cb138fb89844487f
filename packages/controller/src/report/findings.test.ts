import { loadFiles } from "@sluice/source-file";
import { describe, expect, test } from "vitest";
import { Settings } from "../config/settings.ts";
import { translateOnce } from "../gateway/translate-once.ts";
import { locateFindings } from "./findings.ts";
import { createSourceTexts } from "./source-texts.ts";

/** `CODE LINE: MARKED TEXT` of each finding about a text. */
async function findingsOf(text: string): Promise<string[]> {
  const input = loadFiles(["-"], { stdin: text });
  const { diagnostics } = await translateOnce(input, Settings.parse({}));
  const texts = createSourceTexts(text);
  return locateFindings(diagnostics, input.objects, texts).map(({ diagnostic: { code }, place }) => {
    if (place === undefined) return code;
    const line = texts.linesOf("-")[place.line - 1] ?? "";
    return `${code} ${place.line}: ${line.slice(place.column - 1, place.endColumn - 1)}`;
  });
}

function ingress(
  name: string,
  { annotations = "", more = "", path = "/", port = 80, service = "web" } = {},
): string {
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  annotations:${annotations === "" ? " {}" : `\n    ${annotations}`}
spec:
  ingressClassName: mse
  rules:
    - http:
        paths:
          - backend:
              service:
                name: ${service}
                port:
                  number: ${port}
            path: ${path}
            pathType: Prefix
${more}---
`;
}

const WEB = `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: web }
subsets: [{ addresses: [{ ip: 10.0.0.1 }], ports: [{ port: 80 }] }]
---
`;

describe("findings are at", () => {
  test.each<[string, string, string[]]>([
    ["a Service's name", ingress("a", { service: "gone" }), ["service-missing 13: gone"]],
    [
      "a port, and only that of the rule that names it",
      ingress("a", { port: 81 }) + ingress("b", { path: "/b" }),
      ["service-port-missing 15: 81"],
    ],
    [
      "an annotation's value",
      ingress("a", { annotations: "mse.ingress.kubernetes.io/timeout: 5s" }),
      ["annotation-value 6: 5s"],
    ],
    [
      "the part of a value",
      ingress("a", {
        annotations: "mse.ingress.kubernetes.io/request-header-control-add: |\n      x 1\n      Host evil",
      }),
      ["annotation-value 8: Host evil"],
    ],
    [
      "an annotation's key",
      ingress("a", { annotations: "mse.ingress.kubernetes.io/nope: x" }),
      ["annotation-unknown 6: mse.ingress.kubernetes.io/nope"],
    ],
    ["a path", ingress("a", { path: "/a" }) + ingress("b", { path: "/a" }), ["rule-conflict 34: /a"]],
    [
      "a secretName",
      ingress("a", {
        more: "  tls:\n    - hosts: [x.example]\n      secretName: none\n  defaultBackend: { service: { name: web, port: { number: 80 } } }\n",
      }).replace("- http", "- host: x.example\n      http"),
      ["certificate-missing 21: none"],
    ],
    [
      "the name of an object as a whole",
      ingress("a").replace("  ingressClassName: mse\n", ""),
      ["ingress-class-missing 6: spec"],
    ],
    ["a file's own place", "a: [\n", ["file-syntax 2: "]],
  ])("%s", async (_, text, expected) => {
    expect(await findingsOf(text + (text.startsWith("a:") ? "" : WEB))).toEqual(expected);
  });
});
