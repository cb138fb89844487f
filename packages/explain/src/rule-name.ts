import type { Route } from "@sluice/model";

/** What a route's name says: `namespace/ingress/rule/path[/canary/NAME][/SUFFIX]`. */
export interface RuleName {
  /** Name of the main rule's route. */
  readonly main: string;
  /** Name of the canary's Ingress. */
  readonly canary?: string;
  /** `weight`: takes a share; `cookie`: a claim by cookie; `not`: keeps refused requests with the main rule. */
  readonly part?: "weight" | "cookie" | "not";
  readonly isDefault: boolean;
}

const NAME =
  /^([^/]+\/[^/]+\/(?:(\d+\/\d+)|default))(?:\/canary\/([^/]+?)(?:\/(weight|cookie))?|\/not\/([^/]+)\/\d+)?$/;

/** Undefined for routes that belong to no rule, such as those of a whole host. */
export function ruleName({ name }: Pick<Route, "name">): RuleName | undefined {
  const found = NAME.exec(name);
  if (found === null) return undefined;
  const [, main = "", path, canary, part, refused] = found;
  const of = canary ?? refused;
  const kind = refused === undefined ? part : "not";
  return {
    main,
    isDefault: path === undefined,
    ...(of === undefined ? {} : { canary: of }),
    // The pattern allows no other text.
    ...(kind === undefined ? {} : { part: kind as "weight" | "cookie" | "not" }),
  };
}
