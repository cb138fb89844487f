/**
 * The life of a request in eleven words: HTTP filters run in this order, and within a stage by feature id.
 * A new filter names its stage and never renumbers others.
 */
export const FILTER_STAGES = [
  "client-certificate",
  "fault",
  "cors",
  "waf",
  "limit",
  "ip-access",
  "authn",
  "authz",
  "plugin",
  "mutate",
  "router",
] as const;

export type FilterStage = (typeof FILTER_STAGES)[number];

/**
 * The making of a route: `match` decides which requests it takes, `backend` where they go, `fallback`
 * where they go when nothing is there, `rewrite` what the backend sees of the path (after all matching and the
 * backends are known), `respond` whether the gateway answers itself.
 */
export const DRAFT_STAGES = ["match", "backend", "fallback", "rewrite", "respond"] as const;

export type DraftStage = (typeof DRAFT_STAGES)[number];
