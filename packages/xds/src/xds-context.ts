import type { GatewaySettings } from "@sluice/model";
import type { Any } from "@sluice/protos";
import type { ActiveFeatures } from "./active-features.ts";

/** What every resource of a node depends on besides the model. */
export interface XdsContext {
  readonly settings: GatewaySettings;
  readonly features: ActiveFeatures;
  /** The address lists of the gateway, encoded once: every table has them. */
  readonly ipAccess?: Any;
}
