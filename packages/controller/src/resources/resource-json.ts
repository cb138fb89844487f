import type { Resource } from "@sluice/model";
import { type Json, TYPE_URLS, toJson } from "@sluice/protos";

export type JsonObject = { readonly [key: string]: Json };

/** What stands in place of a certificate that is another one in every process. */
const SELF_SIGNED = "[self-signed, made at start]";

/**
 * A resource as canonical proto JSON with its `@type`, secrets redacted. Equal resources of equal input are equal,
 * whichever process made them.
 */
export function resourceJson(resource: Resource): JsonObject {
  // The JSON of a message is an object.
  const message = toJson(resource.typeUrl, resource.bytes, { redact: true }) as JsonObject;
  return { "@type": resource.typeUrl, ...(isSelfSigned(resource) ? withoutChain(message) : message) };
}

/** Only the certificate that the process makes for itself has no object behind it. */
function isSelfSigned({ typeUrl, origins }: Resource): boolean {
  return typeUrl === TYPE_URLS.SECRET && origins.length === 0;
}

function withoutChain(message: JsonObject): JsonObject {
  const { tlsCertificate } = message;
  if (typeof tlsCertificate !== "object" || tlsCertificate === null) return message;
  return { ...message, tlsCertificate: { ...tlsCertificate, certificateChain: SELF_SIGNED } };
}
