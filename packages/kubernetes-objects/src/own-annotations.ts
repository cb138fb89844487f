/** `GENERATION on K of N`: how many of the nodes that serve an Ingress have accepted it. Written by Sluice. */
export const LIVE_ANNOTATION = "sluice.dev/live";
/** Of which form of the Ingress {@link LIVE_ANNOTATION} speaks; see `ingressRevision`. Written by Sluice. */
export const LIVE_REVISION_ANNOTATION = "sluice.dev/live-revision";

const OWN: ReadonlySet<string> = new Set([LIVE_ANNOTATION, LIVE_REVISION_ANNOTATION]);

/**
 * The annotations without those that Sluice itself writes: nothing follows from these, also not where a copy of an
 * object has brought them along.
 */
export function withoutOwn(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (!(LIVE_ANNOTATION in annotations || LIVE_REVISION_ANNOTATION in annotations)) return annotations;
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !OWN.has(key)));
}
