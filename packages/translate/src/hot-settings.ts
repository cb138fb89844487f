import { isDeepStrictEqual } from "node:util";
import { type Cell, cell } from "@sluice/store";
import type { TranslateSettings } from "./settings.ts";

/** The settings that may change while a translation runs. */
export type HotSettings = Pick<TranslateSettings, "listens" | "httpsPort" | "instances">;

/** Settings some of which may change: looking at those is a recorded read. */
export interface ChangeableSettings {
  /** Not to be copied, or the copy would keep the values of the moment. */
  readonly settings: TranslateSettings;
  /** What reads a setting that is another now runs again. */
  change(next: HotSettings): void;
}

export function changeableSettings(initial: TranslateSettings): ChangeableSettings {
  const listens = settingCell(initial.listens);
  const httpsPort = settingCell(initial.httpsPort);
  const instances = settingCell(initial.instances ?? 1);
  return {
    settings: {
      ...initial,
      get listens() {
        return listens.get();
      },
      get httpsPort() {
        return httpsPort.get();
      },
      get instances() {
        return instances.get();
      },
    },
    change(next) {
      listens.set(next.listens);
      httpsPort.set(next.httpsPort);
      instances.set(next.instances ?? 1);
    },
  };
}

function settingCell<T>(value: T): Cell<T> {
  return cell(value, { equals: isDeepStrictEqual });
}
