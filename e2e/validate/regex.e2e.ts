import { findEnvoy, type StaticResource, validateResources } from "@sluice/envoy";
import { checkRegex } from "@sluice/feature-api";
import fc from "fast-check";
import { expect, test } from "vitest";

/** What `checkRegex` lets pass, Envoy's own RE2 compiles, under the limit of program size that gateways have. */

const SEED = Number(process.env.FUZZ_SEED ?? "5");
const PATTERNS = 600 * Number(process.env.FUZZ_RUNS ?? "1");

const PIECES = [
  ..."abé/.-_ ^$|()[]{}*+?,:=!<>&~\\0129",
  "(?:",
  "(?i)",
  "(?P<n>",
  "(?<n>",
  "(?s:",
  "(?U)",
  "(?=",
  "(?!",
  "\\d",
  "\\W",
  "\\b",
  "\\A",
  "\\z",
  "\\Z",
  "\\G",
  "\\C",
  "\\Q",
  "\\E",
  "\\x41",
  "\\x{ff}",
  "\\x{100}",
  "\\012",
  "\\1",
  "\\k<n>",
  "\\pL",
  "\\p{Greek}",
  "\\P{^Lu}",
  "\\p{Cn}",
  "[[:alpha:]]",
  "[^a-z]",
  "[z-a]",
  "[\\d-x]",
  "{2}",
  "{0,1000}",
  "{1001}",
  "{3,2}",
  "*?",
  "++",
  "\n",
] as const;

function host(regex: string, index: number): StaticResource {
  const routes = [{ match: { safe_regex: { regex } }, direct_response: { status: 200 } }];
  return { kind: "virtualHost", body: { name: `h${index}`, domains: [`h${index}.test`], routes } };
}

test(`${PATTERNS} patterns that pass are accepted`, async () => {
  const sample = fc.sample(fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 12 }), {
    seed: SEED,
    numRuns: PATTERNS * 10,
  });
  const all = [...new Set(sample.map((parts) => parts.join("")))];
  const passed = all.filter((pattern) => "groups" in checkRegex(pattern)).slice(0, PATTERNS);
  expect(passed.length).toBeGreaterThan(PATTERNS / 2);
  // As matchers write them: whole, in a group, and without case.
  const forms = passed.flatMap((pattern) => [pattern, `^(?:${pattern}).*$`, `(?i:${pattern})`]);
  const refused = await validateResources((await findEnvoy()).path, forms.map(host));
  expect(refused.map(({ resource, message }) => [SEED, JSON.stringify(resource.body), message])).toEqual([]);
});
