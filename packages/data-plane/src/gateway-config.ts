import type { KubeApi } from "@sluice/kubernetes-api";
import { isStatus, SERVER_SIDE_APPLY } from "@sluice/kubernetes-api";
import { z } from "zod";
import { CONFIG_API_VERSION, CONFIG_KIND, FIELD_MANAGER } from "./objects/names.ts";

const COLLECTION = `/apis/${CONFIG_API_VERSION}/mseingressconfigs`;

/** What is read of a MseIngressConfig when its fleet is minded. */
const GatewayConfig = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string().min(1),
    generation: z.int().optional(),
    deletionTimestamp: z.string().nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  status: z.record(z.string(), z.unknown()).nullish(),
});
export type GatewayConfig = z.infer<typeof GatewayConfig>;

/** The MseIngressConfig of a gateway; `undefined`: there is none, or it is being deleted. */
export async function getGatewayConfig(
  api: KubeApi,
  name: string,
  signal: AbortSignal,
): Promise<GatewayConfig | undefined> {
  try {
    const config = GatewayConfig.parse(
      await api.json({ path: `${COLLECTION}/${encodeURIComponent(name)}`, signal }),
    );
    return config.metadata.deletionTimestamp == null ? config : undefined;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Writes `status`, of which every field is ours. One that has been deleted and made anew meanwhile is left alone. */
export async function applyStatus(
  api: KubeApi,
  { metadata: { name, uid } }: GatewayConfig,
  status: object,
  signal: AbortSignal,
): Promise<void> {
  await api.write({
    method: "PATCH",
    path: `${COLLECTION}/${encodeURIComponent(name)}/status`,
    query: { fieldManager: FIELD_MANAGER, force: "true" },
    contentType: SERVER_SIDE_APPLY,
    body: { apiVersion: CONFIG_API_VERSION, kind: CONFIG_KIND, metadata: { name, uid }, status },
    signal,
  });
}
