import type { Certificate } from "@sluice/model";
import type { Settings } from "../config/settings.ts";
import { type OneShot, translateOnce } from "../gateway/translate-once.ts";
import type { Progress } from "../terminal/progress.ts";
import { type Input, readInput } from "./read-input.ts";

/** What a command was given, and what it comes to. */
export interface TranslatedInput extends OneShot {
  readonly input: Input;
}

/** Reads and translates what a command was given, telling a terminal about it. */
export async function translateInput(
  paths: readonly string[],
  settings: Settings,
  progress: Progress,
  defaultCertificate?: Certificate,
): Promise<TranslatedInput> {
  progress.say(`Reading ${paths.join(", ")} …`);
  const input = await readInput(paths);
  progress.say(`Translating ${input.objects.length} objects …`);
  const translated = await translateOnce(input, settings, defaultCertificate);
  progress.clear();
  return { ...translated, input };
}
