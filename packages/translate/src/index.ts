export { compareAge } from "./age.ts";
export { secretCertificate } from "./certificate.ts";
export { hostsOf, INGRESSES_BY_HOST } from "./indexes.ts";
export { createSetAside, type SetAside, type SetAsideEntry } from "./set-aside.ts";
export { DEFAULT_CONTROLLER, DEFAULT_INGRESS_CLASS, type TranslateSettings } from "./settings.ts";
export { startTranslation, type TranslationOptions, type TranslationSink } from "./translation.ts";
