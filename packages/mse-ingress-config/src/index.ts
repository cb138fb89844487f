export { CRD_NAME, mseIngressConfigCrd } from "./crd.ts";
export {
  type DataPlane,
  dataPlane,
  INSTANCE_RESOURCES,
  type InstanceResources,
  type LoadBalancer,
} from "./data-plane.ts";
export { type FieldReference, fieldReference } from "./field-reference.ts";
export { type DefinedGateway, gatewayDefinition } from "./gateway-definition.ts";
export { MAX_REPLICAS, MseIngressConfigSpec, SPEC_DEFAULTS } from "./schema.ts";
export {
  CONDITION_TYPES,
  type Condition,
  type ConditionType,
  type GatewayState,
  type MseIngressConfigStatus,
  PHASES,
  type Phase,
  phaseOf,
  statusOf,
} from "./status.ts";
