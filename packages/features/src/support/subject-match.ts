import { any } from "@sluice/protos";

const ALLOW = decision("allow", "ALLOW");
const DENY = decision("deny", "DENY");

/**
 * A role-based access matcher that lets in clients in the subject of whose certificate (RFC 2253) the pattern is found. The
 * pattern is RE2, checked. Without a certificate there is no subject.
 */
export function subjectMatch(pattern: string) {
  return {
    matcherList: {
      matchers: [
        {
          predicate: {
            singlePredicate: {
              input: {
                name: "subject",
                typedConfig: any("envoy.extensions.matching.common_inputs.ssl.v3.SubjectInput", {}),
              },
              // Envoy matches the whole text.
              valueMatch: { safeRegex: { googleRe2: {}, regex: `(?s:.*)(?:${pattern})(?s:.*)` } },
            },
          },
          onMatch: ALLOW,
        },
      ],
    },
    onNoMatch: DENY,
  };
}

function decision(name: string, action: "ALLOW" | "DENY") {
  return { action: { name, typedConfig: any("envoy.config.rbac.v3.Action", { name, action }) } };
}
