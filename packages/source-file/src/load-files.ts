import type { Diagnostic, KubeObject } from "@sluice/model";
import { compareDiagnostics } from "@sluice/model";
import { createFileRegistry } from "./file-registry.ts";
import { entryType, listFolder } from "./list-files.ts";
import { parseManifest } from "./parse-manifest.ts";
import { decodeText, readText, reasonOf, unreadable } from "./read-text.ts";

/** The name under which standard input is read, and the file name in its locations. */
export const STDIN = "-";

export interface LoadedFiles {
  /** The objects in force, sorted by kind, namespace and name. */
  readonly objects: readonly KubeObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads all manifests in the folders and files once. `-` among the paths is standard input, whose content is
 * given as `stdin`. A file that is named itself is read whatever its extension. Never throws: what cannot be read is a diagnostic.
 */
export function loadFiles(
  paths: readonly string[],
  options: { readonly stdin?: string | Uint8Array } = {},
): LoadedFiles {
  const registry = createFileRegistry();
  const problems: Diagnostic[] = [];
  const add = (file: string, result: ReturnType<typeof readText>): void => {
    if ("text" in result) registry.update(file, parseManifest(file, result.text));
    else registry.update(file, { objects: [], diagnostics: [result.problem] });
  };
  for (const path of new Set(paths)) {
    if (path === STDIN) add(STDIN, textOf(options.stdin ?? ""));
    else {
      for (const file of filesOf(path, problems)) add(file, readText(file));
    }
  }
  const { set } = registry.takeChange();
  return {
    objects: [...set].sort(byKey),
    diagnostics: [...problems, ...registry.diagnostics()].sort(compareDiagnostics),
  };
}

function textOf(stdin: string | Uint8Array): ReturnType<typeof readText> {
  return typeof stdin === "string" ? { text: stdin } : decodeText(STDIN, stdin);
}

function filesOf(path: string, problems: Diagnostic[]): readonly string[] {
  try {
    if (entryType(path) !== "folder") return [path];
    const listing = listFolder(path);
    problems.push(...listing.problems);
    return listing.files;
  } catch (error) {
    problems.push(unreadable(path, reasonOf(error)));
    return [];
  }
}

function byKey(a: KubeObject, b: KubeObject): number {
  const [left, right] = [a, b].map((one) => `${one.kind}/${one.metadata.namespace}/${one.metadata.name}`);
  return (left ?? "") < (right ?? "") ? -1 : 1;
}
