import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Authority } from "@sluice/admission/testing";

/** The flag of an API server for what {@link writeAdmissionConfig} writes into the folder. */
export function admissionConfigFlag(folder: string): string {
  return `--admission-control-config-file=${join(folder, "admission.json")}`;
}

/**
 * Has an API server show webhooks a certificate of the authority, whoever they are: it shows none unless it is told so
 * (kubernetes.io, "Authenticate apiservers"). To be called before the API server starts.
 */
export async function writeAdmissionConfig(folder: string, authority: Authority): Promise<void> {
  const client = await authority.issue("api-server");
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const user = { "client-certificate-data": base64(client.chain), "client-key-data": base64(client.key) };
  const kubeConfigFile = join(folder, "webhooks.json");
  const users = [{ name: "*", user }];
  writeFileSync(kubeConfigFile, JSON.stringify({ apiVersion: "v1", kind: "Config", users }));
  const configuration = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "WebhookAdmissionConfiguration",
    kubeConfigFile,
  };
  writeFileSync(
    join(folder, "admission.json"),
    JSON.stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AdmissionConfiguration",
      plugins: [{ name: "ValidatingAdmissionWebhook", configuration }],
    }),
  );
}
