import { AdmissionError, type AdmissionServer, serveAdmission } from "@sluice/admission";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../logging/logger.ts";
import { OperatorError } from "../operator-error.ts";
import { type JudgeOptions, judgeIngress } from "./judge-ingress.ts";

export interface StartAdmissionOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  /** The gateways and objects of the moment. */
  readonly judging: () => JudgeOptions;
}

/**
 * Serves the admission webhook if the settings ask for it. Throws an {@link OperatorError} when one of its files is not
 * given or cannot be used: it is never served to anybody who asks.
 */
export async function startAdmission({
  settings,
  logger,
  judging,
}: StartAdmissionOptions): Promise<AdmissionServer | undefined> {
  const { admissionAddress: address } = settings;
  if (address === undefined) return undefined;
  const tls = {
    certificate: required(settings.admissionCertificate, "--admission-certificate"),
    key: required(settings.admissionKey, "--admission-key"),
    clientCa: required(settings.admissionClientCa, "--admission-client-ca"),
  };
  const judge = (request: Parameters<typeof judgeIngress>[0]) => {
    const options = judging();
    // Against a half of the objects nearly everything would be found to be missing.
    return options.store.isSynced() ? judgeIngress(request, options) : undefined;
  };
  // The indexes that it needs are made now, not while somebody waits for an answer.
  judgeIngress(WARM_UP, judging());
  try {
    const server = await serveAdmission({
      address,
      tls,
      judge,
      onError: (err) => logger.error({ err }, "the admission webhook failed"),
      onAnswer: (answer) => logger.debug(answer, "an object was judged"),
    });
    logger.info({ url: server.url }, "the admission webhook is served");
    return server;
  } catch (cause) {
    if (!(cause instanceof AdmissionError)) throw cause;
    throw new OperatorError("admission", cause.message, { cause, hint: cause.hint });
  }
}

const WARM_UP = {
  uid: "warm-up",
  operation: "CREATE",
  object: {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "warm-up", namespace: "default" },
    spec: { rules: [{ host: "warm-up.invalid" }] },
  },
};

function required(file: string | undefined, flag: string): string {
  if (file !== undefined) return file;
  throw new OperatorError("usage", `The admission webhook needs ${flag}.`, {
    hint: "It is served with --admission-certificate and --admission-key, to clients with a certificate of --admission-client-ca alone.",
  });
}
