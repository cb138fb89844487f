import type { Page } from "../page.ts";
import { diagnostics } from "./diagnostics.ts";
import { explain } from "./explain.ts";
import { healthz, readyz } from "./health.ts";
import { metrics } from "./metrics.ts";
import { nodes } from "./nodes.ts";
import { objects } from "./objects.ts";
import { overview } from "./overview.ts";
import { quarantine } from "./quarantine.ts";
import { resources, resourceType } from "./resources.ts";

/** The routing table, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  overview(() => PAGES),
  objects,
  resources,
  resourceType,
  nodes,
  diagnostics,
  quarantine,
  explain,
  healthz,
  readyz,
  metrics,
];

/** What probes and Prometheus ask for: nothing in it tells of objects beyond their names in metrics. */
export const PROBE_PAGES: readonly Page[] = [healthz, readyz, metrics];
