export { type FieldPath, formatFieldPath, parseFieldPath } from "./field-path.ts";
export { ingressRevision } from "./ingress-revision.ts";
export { isLabel, isName } from "./kinds.ts";
export { type Candidate, type Finding, type NarrowOptions, narrowObject } from "./narrow-object.ts";
export { LIVE_ANNOTATION, LIVE_REASON_ANNOTATION, LIVE_REVISION_ANNOTATION } from "./own-annotations.ts";
export { isRawObject, type RawObject, valueAt } from "./raw-object.ts";
export { STRING_MAPS } from "./schema-basics.ts";
