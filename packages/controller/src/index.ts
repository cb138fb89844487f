export { settingsForTranslation } from "./config/gateway-settings.ts";
export { flagOf, SETTINGS, type SettingName, Settings } from "./config/settings.ts";
export { type ControlPlane, createControlPlane } from "./gateway/control-plane.ts";
export { type Gateway, type GatewayOptions, startGateway } from "./gateway/gateway.ts";
export { createLogger } from "./logging/logger.ts";
