import type { Ingress } from "@sluice/model";
import type { Judgement } from "../report.ts";
import { hostsOf, isTrue, looksLikePattern, makesPatterns, names, type Place, placesOf } from "../site.ts";
import { hereText, sourceText } from "../source.ts";
import { differs, type Rule, type RuleContext, type Rules, same } from "./rule.ts";

/** Hosts, paths, redirects of ingress-nginx. */
export const ROUTING: Rules = {
  "use-regex": (at) => (isTrue(at.text) ? patterns(at) : undefined),
  "rewrite-target": (at) => (makesPatterns(at.ingress) ? patterns(at) : undefined),
  "ssl-redirect": (at) => {
    if (!isTrue(at.text) || isTrue(at.source("force-ssl-redirect"))) return undefined;
    const bare = hostsOf(at.ingress).filter((host) => !at.site.hasTls(host));
    if (bare.length === 0) return undefined;
    const set = bare.length === hostsOf(at.ingress).length ? { "ssl-redirect": "false" } : undefined;
    return differs(
      `No Ingress has TLS for ${bare.map(hostWord).join(", ")}: ingress-nginx does not redirect there; here an explicit true answers plain HTTP with 308 to https all the same.`,
      set,
    );
  },
  "preserve-trailing-slash": ({ text }) =>
    isTrue(text)
      ? same("The slash at the end of a path is always kept here.")
      : differs(
          "On the redirect to https ingress-nginx drops the slash at the end of the path; here it is kept.",
        ),
  "from-to-www-redirect": ({ text }) =>
    isTrue(text)
      ? same(
          "ingress-nginx drops a slash at the end of the path on this redirect unless preserve-trailing-slash is true; here it is kept.",
        )
      : undefined,
  "default-backend": ({ text }) =>
    text.includes("/")
      ? differs(
          "ingress-nginx takes a Service of the Ingress's own namespace only, and does not know namespace/service; here it may be of another namespace.",
        )
      : undefined,
  "ssl-passthrough": (at) => {
    if (!isTrue(at.text)) return undefined;
    const others = hostsOf(at.ingress)
      .flatMap((host) => at.site.places(host))
      .filter(({ ingress }) => ingress !== at.ingress)
      .map(({ ingress }) => ingress);
    return others.length === 0
      ? same("It takes --ssl-passthrough true (sslPassthrough) on the gateway.")
      : differs(
          `The host is shared with ${names(others)}: here the oldest that has the annotation decides; ingress-nginx asks the oldest Ingress of the host alone.`,
        );
  },
  "mirror-target": () =>
    differs("ingress-nginx waits for the mirror before it ends a request; here a slow mirror delays none."),
};

export function hostWord(host: string): string {
  return host === "" ? "the rules without a host" : host;
}

/** How a pattern's reading of a path differs from this gateway's, or undefined if it does not. */
export function patternDifference({ path: { path, pathType } }: Place): string | undefined {
  if (path === "" || path === "/")
    return pathType === "Exact" ? "it takes every path, such as /anything" : undefined;
  const shout = path.toUpperCase() === path ? path.toLowerCase() : path.toUpperCase();
  const isCased = shout !== path;
  const upper = isCased ? ` and ${shout}` : "";
  if (pathType === "Exact") return `it also takes ${path}${path.endsWith("/") ? "" : "/"}more${upper}`;
  if (!path.endsWith("/")) return `it also takes ${path}more${upper}`;
  const bare = path.slice(0, -1);
  return `it does not take ${bare === "" ? "/" : bare}${isCased ? `, but takes ${shout}` : ""}`;
}

/** Paths of other Ingresses that ingress-nginx reads as patterns on account of this one, and that behave differently here. */
function affected(ingress: Ingress, { site }: RuleContext): readonly Place[] {
  return hostsOf(ingress)
    .flatMap((host) => site.places(host))
    .filter(
      (place) =>
        place.ingress !== ingress &&
        !isReadAsPattern(place, (key) => hereText(place.ingress, key)) &&
        patternDifference(place) !== undefined,
    );
}

/** Whether this gateway reads the path as a pattern, by what the annotations of its own Ingress say. */
export function isReadAsPattern(
  { ingress, path: { path } }: Place,
  text = (key: string): string => sourceText(ingress, "ingress-nginx", key),
): boolean {
  if (isTrue(text("use-regex"))) return true;
  const target = text("rewrite-target");
  return target !== "" && (looksLikePattern(path) || looksLikePattern(target));
}

const patterns: Rule = (at): Judgement | undefined => {
  const own =
    at.key === "rewrite-target"
      ? placesOf(at.ingress, "ingress-nginx").filter(
          (place) => !isReadAsPattern(place) && patternDifference(place) !== undefined,
        )
      : [];
  const others = affected(at.ingress, at);
  const ownText = own
    .slice(0, 3)
    .map((place) => `${place.path.path} (${patternDifference(place)})`)
    .join(", ");
  const first = others[0];
  const sentences = [
    ...(own.length > 0
      ? [`ingress-nginx reads the paths as patterns: ${ownText}. Here they are plain paths.`]
      : []),
    ...(first !== undefined
      ? [
          `On ingress-nginx it makes patterns of the paths of other Ingresses of the same hosts as well: ${names(others.map(({ ingress }) => ingress))}; for example ${first.path.path} there: ${patternDifference(first)}. Here theirs stay plain.`,
        ]
      : []),
  ];
  if (sentences.length === 0) return undefined;
  return differs(sentences.join(" "), own.length > 0 ? { "use-regex": "true" } : undefined);
};
