import type { Feature, FeatureScope } from "@sluice/feature-api";
import type { Ingress } from "@sluice/model";
import type { StoreReader } from "@sluice/store";
import type { Relation } from "./relation.ts";
import type { TranslateSettings } from "./settings.ts";

/** What every derivation of translation works with. */
export interface TranslateContext {
  readonly store: StoreReader;
  readonly features: readonly Feature[];
  /** The same, by scope. */
  readonly byScope: Readonly<Record<FeatureScope, readonly Feature[]>>;
  readonly settings: TranslateSettings;
  /** Whether the gateway listens to an Ingress; a recorded read. */
  readonly isOurs: (ingress: Ingress) => boolean;
  /** Service (`namespace/name`), or host outside the cluster (see `targetKey`) → keys of the Ingresses whose routes use it. */
  readonly ingressesOfBackend: Relation;
  /**
   * Service of a canary → sources `HOST KEY`, where KEY is of the Ingress whose rule it varies there. Filled in by
   * virtual hosts, which alone know the pairs.
   */
  readonly mainsOfService: Relation;
}
