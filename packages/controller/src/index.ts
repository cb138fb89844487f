export { settingsForTranslation } from "./config/gateway-settings.ts";
export { flagOf, SETTINGS, type SettingName, Settings } from "./config/settings.ts";
export { type ControlPlane, createControlPlane } from "./gateway/control-plane.ts";
export type { Definitions, GatewayChoice } from "./gateway/definitions.ts";
export { type Gateway, type GatewayOptions, startGateway } from "./gateway/gateway.ts";
export type { Gateways, ServedGateway } from "./gateway/gateways.ts";
export { createLogger } from "./logging/logger.ts";
