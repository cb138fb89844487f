import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Store } from "@sluice/store";

/** YAML of a Service, for tests. */
export function serviceYaml(name: string, type = "ClusterIP"): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  type: ${type}\n`;
}

/** A folder of its own, and files in it. */
export interface Sandbox {
  readonly folder: string;
  path(name: string): string;
  write(name: string, text: string): string;
  /** Writes beside and renames over, as careful editors do. */
  replace(name: string, text: string): void;
  /** What a kubelet does with a mounted ConfigMap: new data folder, link swapped, old folder removed. */
  mountConfigMap(version: string, files: Readonly<Record<string, string>>): void;
  remove(): void;
}

/** A new empty folder under the system's temporary one. */
export function sandbox(): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), "sluice-source-file-"));
  const path = (name: string): string => join(folder, name);
  const write = (name: string, text: string): string => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
    return path(name);
  };
  let mounted: string | undefined;
  return {
    folder,
    path,
    write,
    replace(name, text) {
      write(".new", text);
      renameSync(path(".new"), path(name));
    },
    mountConfigMap(version, files) {
      for (const [name, text] of Object.entries(files)) write(`..${version}/${name}`, text);
      symlinkSync(`..${version}`, path("..data_tmp"));
      renameSync(path("..data_tmp"), path("..data"));
      for (const name of Object.keys(files)) {
        if (mounted === undefined) symlinkSync(join("..data", name), path(name));
      }
      if (mounted !== undefined) rmSync(path(mounted), { recursive: true });
      mounted = `..${version}`;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The Services in the store as `name=type`, sorted; a recorded read. */
export function services(store: Store): string {
  return store
    .list("Service")
    .map((object) => `${object.metadata.name}=${object.spec.type}`)
    .join(" ");
}

/** The diagnostics as `code file:line:column` with base names, sorted; a recorded read. */
export function findings(store: Store): string {
  return store
    .diagnostics()
    .map(
      ({ code, location }) =>
        `${code} ${location?.file.split("/").at(-1)}:${location?.line}:${location?.column}`,
    )
    .join(", ");
}

/** Resolves as soon as `read`, which makes recorded reads of the store, gives what is expected. */
export function until(store: Store, read: (store: Store) => string, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let last = "";
    const timer = setTimeout(() => {
      dispose();
      reject(new Error(`Expected ${JSON.stringify(expected)}, the last was ${JSON.stringify(last)}.`));
    }, 4_000);
    const dispose = store.graph.effect(() => {
      last = read(store);
      if (last !== expected) return;
      clearTimeout(timer);
      queueMicrotask(() => dispose());
      resolve();
    });
  });
}
