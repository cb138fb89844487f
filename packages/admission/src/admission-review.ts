import { z } from "zod";

/** What the API server asks of one object. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  /** The object as it would be stored, as JSON has it; absent when it is deleted. */
  readonly object?: Readonly<Record<string, unknown>> | undefined;
  /** The object as it is stored, when it is changed or deleted. */
  readonly oldObject?: Readonly<Record<string, unknown>> | undefined;
}

/** What there is to say of an object. */
export interface AdmissionVerdict {
  /** Set: the object is refused, for this reason. */
  readonly denied?: string;
  /** Shown to the user by kubectl, each as a line. */
  readonly warnings: readonly string[];
}

/** Source: the AdmissionReview of `admission.k8s.io/v1`; what is not read here may be anything. */
const Review = z.object({
  apiVersion: z.literal("admission.k8s.io/v1"),
  kind: z.literal("AdmissionReview"),
  request: z.object({
    uid: z.string().min(1),
    operation: z.string(),
    object: z.record(z.string(), z.unknown()).nullish(),
    oldObject: z.record(z.string(), z.unknown()).nullish(),
  }),
});

/** The request in the body of a call of a webhook; undefined if it is none. */
export function parseReview(body: string): AdmissionRequest | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { success, data } = Review.safeParse(json);
  if (!success) return undefined;
  const { uid, operation, object, oldObject } = data.request;
  return { uid, operation, object: object ?? undefined, oldObject: oldObject ?? undefined };
}

/** The API server may cut a warning that is longer, in characters. Source: k8s.io/apiserver, `warning.AddWarning`. */
const WARNING_LENGTH = 256;
/** All warnings together; what comes after is dropped. */
const WARNINGS_LENGTH = 4096;

/** A reason that is longer is cut, in code units: it goes to a terminal, and into the log of the API server. */
const DENIAL_LENGTH = 4096;

/** The answer to a review. Warnings that the API server would cut or drop are cut here, and the last says how many are missing. */
export function reviewResponse(uid: string, verdict: AdmissionVerdict): object {
  const warnings = fit(verdict.warnings);
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid,
      allowed: verdict.denied === undefined,
      ...(verdict.denied === undefined
        ? {}
        : { status: { code: 403, message: cut(verdict.denied, DENIAL_LENGTH) } }),
      ...(warnings.length === 0 ? {} : { warnings }),
    },
  };
}

function fit(warnings: readonly string[]): string[] {
  const short = warnings.map(singleLine);
  const fitting: string[] = [];
  // The last line is needed itself.
  let left = WARNINGS_LENGTH - 60;
  for (const warning of short) {
    left -= Buffer.byteLength(warning);
    if (left < 0) return [...fitting, `${short.length - fitting.length} more; see sluice check`];
    fitting.push(warning);
  }
  return fitting;
}

/** A warning becomes an HTTP header: line breaks and other control characters may not be in it. */
function singleLine(text: string): string {
  // A character is at most two code units: cut roughly first, since a text may have a megabyte.
  const line = text
    .slice(0, 4 * WARNING_LENGTH)
    .replace(/\p{Cc}+/gu, " ")
    .trim();
  const points = [...line];
  return points.length <= WARNING_LENGTH ? line : `${points.slice(0, WARNING_LENGTH - 1).join("")}…`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
