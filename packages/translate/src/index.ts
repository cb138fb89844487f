export { compareAge } from "./age.ts";
export { secretCertificate } from "./certificate.ts";
export { type ChangeableSettings, changeableSettings, type HotSettings } from "./hot-settings.ts";
export { listenedKey, listensTo, parseListenedKey } from "./listening.ts";
export {
  DEFAULT_CONTROLLER,
  DEFAULT_INGRESS_CLASS,
  type DefaultSecret,
  type TranslateSettings,
} from "./settings.ts";
export { startTranslation, type TranslationOptions, type TranslationSink } from "./translation.ts";
export { type UnservedOptions, watchUnserved } from "./unserved.ts";
