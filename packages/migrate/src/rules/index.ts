import type { Dialect } from "../report.ts";
import { snippetHeaders } from "../snippet-headers.ts";
import { BACKENDS } from "./backends.ts";
import { BODIES } from "./bodies.ts";
import { CANARY } from "./canary.ts";
import { HIGRESS } from "./higress.ts";
import { ROUTING } from "./routing.ts";
import type { Rule, Rules } from "./rule.ts";
import { TRAFFIC } from "./traffic.ts";

const SNIPPETS: Rules = {
  "configuration-snippet": ({ text }) => {
    const set = snippetHeaders(text);
    return set === undefined
      ? undefined
      : {
          outcome: "refused",
          text: "All it does is to set or remove headers by fixed values, which annotations do here.",
          fix: { set },
        };
  },
};

/** The same, unless the translation has something to say of the value. */
const translated: Rule = () => undefined;

/** Keys whose declarations tell of values that the translation finds by itself, or of what holds when they are absent. */
const TRANSLATED: Rules = {
  "canary-by-header": translated,
  "mirror-request-body": translated,
  "opentelemetry-operation-name": translated,
  "permanent-redirect": translated,
  "proxy-cookie-domain": translated,
  "proxy-cookie-path": translated,
  "proxy-redirect-from": translated,
  "proxy-redirect-to": translated,
  "server-alias": translated,
  "temporal-redirect": translated,
};

const RULES: Readonly<Record<Dialect, Rules>> = {
  "ingress-nginx": { ...TRAFFIC, ...ROUTING, ...CANARY, ...BACKENDS, ...BODIES, ...SNIPPETS, ...TRANSLATED },
  higress: { ...HIGRESS, "cors-allow-headers": translated, destination: translated },
};

/** The rule of a key, which then speaks in place of the difference that the key's declaration has. */
export function ruleOf(dialect: Dialect, key: string): Rule | undefined {
  const rules = RULES[dialect];
  return Object.hasOwn(rules, key) ? rules[key] : undefined;
}
