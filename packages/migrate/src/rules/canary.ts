import type { Ingress } from "@sluice/model";
import { isTrue, names, type Place, placesOf } from "../site.ts";
import { sourceText } from "../source.ts";
import { differs, type Rule, type RuleContext, type Rules, same, whole } from "./rule.ts";

const nginx = (ingress: Ingress, key: string): string => sourceText(ingress, "ingress-nginx", key);

/** Canaries of ingress-nginx. */
export const CANARY: Rules = {
  canary: (at) => {
    if (!isTrue(at.text)) return undefined;
    const found = [several, sticky, sharedService].flatMap((rule) => rule(at)?.text ?? []);
    return found.length === 0 ? undefined : differs(found.join(" "));
  },
  "affinity-canary-behavior": ({ text }) =>
    text === "legacy"
      ? undefined
      : differs(
          "sticky keeps a client at the canary that it once got; here affinity is ignored when a canary is chosen, as legacy does.",
        ),
  "canary-weight-total": ({ text }) => {
    const total = whole(text);
    return total === undefined || total === 0 || total >= 100
      ? undefined
      : differs(
          `ingress-nginx uses totals over 100 only, so its weights are of 100; here they are of ${total}.`,
          { "canary-weight-total": "100" },
        );
  },
  "canary-by-header-pattern": () => same("The pattern is RE2 here, without lookaround and backreferences."),
};

/** Places with the same host, path and type as those of the canary. */
function alike(at: RuleContext): readonly Place[] {
  return placesOf(at.ingress, "ingress-nginx").flatMap(({ host, path }) =>
    at.site
      .places(host)
      .filter(
        (other) =>
          other.ingress !== at.ingress &&
          other.path.path === path.path &&
          other.path.pathType === path.pathType,
      ),
  );
}

const several: Rule = (at) => {
  const others = alike(at).filter(({ isCanary }) => isCanary);
  return others.length === 0
    ? undefined
    : differs(
        `ingress-nginx takes one canary of a rule; here ${names([at.ingress, ...others.map(({ ingress }) => ingress)])} all get their share.`,
      );
};

const sticky: Rule = (at) => {
  const main = alike(at).find(({ isCanary }) => !isCanary)?.ingress;
  const hasAffinity = [at.ingress, ...(main === undefined ? [] : [main])].some(
    (ingress) => nginx(ingress, "affinity") === "cookie",
  );
  const says = (ingress: Ingress | undefined) =>
    ingress === undefined ? "" : nginx(ingress, "affinity-canary-behavior");
  if (!hasAffinity || says(main) === "legacy" || says(at.ingress) === "legacy") return undefined;
  return differs(
    "With a session cookie ingress-nginx keeps a client at the canary that it once got (affinity-canary-behavior sticky, its default); here affinity is ignored when a canary is chosen, so the client may change sides.",
  );
};

/** ingress-nginx gives nothing to a canary whose Service ordinary rules use. */
const sharedService: Rule = (at) => {
  const { namespace } = at.ingress.metadata;
  const services = placesOf(at.ingress, "ingress-nginx").flatMap(
    ({ path }) => path.backend.service?.name ?? [],
  );
  const shared = services.find((service) => at.site.usersOf(namespace, service).length > 0);
  return shared === undefined
    ? undefined
    : differs(
        `The Service ${shared} is used by ordinary rules too, for which ingress-nginx ignores the canary; here the canary gets its share.`,
      );
};
