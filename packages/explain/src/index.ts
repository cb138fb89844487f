export type * from "./change.ts";
export { type DiffOptions, diff, type GatewayModel, isEmpty, type ModelDiff } from "./diff.ts";
export { explain } from "./explain.ts";
export type * from "./explanation.ts";
export { renderDiff } from "./render-diff.ts";
export { renderExplanation } from "./render-explanation.ts";
export type { ExplainRequest, Refusal, SeenRequest } from "./request.ts";
export { PLAIN, type Style } from "./style.ts";
export type { AnnotationText, GatewayView } from "./view.ts";
