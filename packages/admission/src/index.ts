export { AdmissionError } from "./admission-error.ts";
export {
  type AdmissionRequest,
  type AdmissionVerdict,
  parseReview,
  reviewResponse,
} from "./admission-review.ts";
export {
  ADMISSION_PATH,
  type AdmissionOptions,
  type AdmissionServer,
  serveAdmission,
} from "./serve-admission.ts";
export type { TlsFiles } from "./tls-files.ts";
