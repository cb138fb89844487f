export { compareAge } from "./age.ts";
export { secretCertificate } from "./certificate.ts";
export { isOurs } from "./ingress-class.ts";
export { DEFAULT_CONTROLLER, DEFAULT_INGRESS_CLASS, type TranslateSettings } from "./settings.ts";
export { startTranslation, type TranslationOptions, type TranslationSink } from "./translation.ts";
