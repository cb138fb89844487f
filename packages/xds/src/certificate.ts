import type { Authority, Certificate } from "@sluice/model";
import { encode, TYPE_URLS } from "@sluice/protos";
import { type Built, makeResource } from "./built.ts";

/** The Secret that filter chains refer to by the certificate's name. */
export function certificate(model: Certificate): Built {
  const resource = makeResource({
    typeUrl: TYPE_URLS.SECRET,
    name: model.name,
    bytes: encode(TYPE_URLS.SECRET, {
      name: model.name,
      tlsCertificate: {
        certificateChain: { inlineBytes: model.chain },
        privateKey: { inlineBytes: model.key },
      },
    }),
    origins: model.origins,
  });
  return { resource, diagnostics: [] };
}

/** The Secret that filter chains refer to by the authority's name. */
export function authority({ name, certificates, revoked, origins }: Authority): Built {
  const resource = makeResource({
    typeUrl: TYPE_URLS.SECRET,
    name,
    bytes: encode(TYPE_URLS.SECRET, {
      name,
      validationContext: {
        trustedCa: { inlineBytes: certificates },
        ...(revoked !== undefined && { crl: { inlineBytes: revoked } }),
      },
    }),
    origins,
  });
  return { resource, diagnostics: [] };
}
