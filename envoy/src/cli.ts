import { EnvoyError } from "./envoy-error.ts";
import { findEnvoy } from "./find-envoy.ts";

/** `node envoy/src/cli.ts fetch`: finds or fetches an Envoy and prints its path; progress goes to standard error. */
async function main(args: readonly string[]): Promise<number> {
  if (args.length !== 1 || args[0] !== "fetch") {
    console.error("usage: node envoy/src/cli.ts fetch");
    return 2;
  }
  try {
    const envoy = await findEnvoy({ onProgress: (sentence) => console.error(`sluice: ${sentence}`) });
    console.log(envoy.path);
    return 0;
  } catch (error) {
    if (!(error instanceof EnvoyError)) throw error;
    console.error(`sluice: ${error.message}\n        ${error.hint}`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
