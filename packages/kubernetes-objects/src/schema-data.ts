import { z } from "zod";
import { stringMap, withDefault } from "./schema-basics.ts";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Bytes in standard base64 with padding; line breaks are skipped, as Go does. */
const bytes = z
  .string()
  .transform((text) => text.replaceAll(/[\r\n]/g, ""))
  .refine((text) => BASE64.test(text), { error: "base64 (plain text goes under stringData)" })
  .transform((text) => new Uint8Array(Buffer.from(text, "base64")));

/** A Secret, apart from its metadata. `stringData` overrides `data`. */
export const secret = z
  .object({
    type: withDefault(z.string(), "Opaque"),
    data: withDefault(z.record(z.string(), bytes), {}),
    stringData: stringMap,
  })
  .transform(({ type, data, stringData }) => {
    const texts = Object.entries(stringData).map(
      ([key, text]) => [key, new Uint8Array(Buffer.from(text))] as const,
    );
    return { type, data: { ...data, ...Object.fromEntries(texts) } };
  });

/** A ConfigMap, apart from its metadata. `binaryData` is not read. */
export const configMap = z.object({ data: stringMap });
