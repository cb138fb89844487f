export { DRAIN_SCRIPT } from "./drain-script.ts";
