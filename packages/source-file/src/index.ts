export { type FieldPath, formatFieldPath, parseFieldPath } from "@sluice/kubernetes-objects";
export { type LoadedFiles, loadFiles, STDIN } from "./load-files.ts";
export { locate, type TextOf } from "./locate.ts";
export { type FileSource, type FileSourceLog, type WatchFilesOptions, watchFiles } from "./watch-files.ts";
