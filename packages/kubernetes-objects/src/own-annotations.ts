/** `GENERATION on K of N`: how many of the nodes that serve an Ingress have accepted it. Written by Sluice. */
export const LIVE_ANNOTATION = "sluice.dev/live";
/** Of which form of the Ingress {@link LIVE_ANNOTATION} speaks; see `ingressRevision`. Written by Sluice. */
export const LIVE_REVISION_ANNOTATION = "sluice.dev/live-revision";

/** Why it is not live on all of them, for as long as it is not. Written by Sluice. */
export const LIVE_REASON_ANNOTATION = "sluice.dev/live-reason";

const OWN: ReadonlySet<string> = new Set([LIVE_ANNOTATION, LIVE_REVISION_ANNOTATION, LIVE_REASON_ANNOTATION]);

/**
 * The annotations without those that Sluice itself writes: nothing follows from these, also not where a copy of an
 * object has brought them along.
 */
export function withoutOwn(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (![...OWN].some((key) => key in annotations)) return annotations;
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !OWN.has(key)));
}
