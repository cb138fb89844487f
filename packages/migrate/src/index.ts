export type { TargetGateway } from "./controller-defaults.ts";
export { type Addition, type FixedManifest, fixManifest } from "./fix-manifest.ts";
export { type MigrationInput, migrate } from "./migrate.ts";
export { migrationHtml } from "./render-html.ts";
export { migrationJson } from "./render-json.ts";
export { renderText, type TextStyle } from "./render-text.ts";
export * from "./report.ts";
export { asServed, controllerConfigs, dialects } from "./source.ts";
export { summaryText } from "./words.ts";
