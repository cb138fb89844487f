import {
  type Diagnostic,
  displayName,
  type KubeObject,
  type ObjectKey,
  type ObjectRef,
  objectKey,
  parseObjectKey,
} from "@sluice/model";

/** What one file contributes. */
export interface FileContent {
  readonly objects: readonly KubeObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What the objects in force gain and lose. */
export interface RegistryChange {
  readonly set: readonly KubeObject[];
  readonly removed: readonly ObjectRef[];
}

/** Knows what each file defines, and which definition of an object is in force. */
export interface FileRegistry {
  /** Replaces what a file contributes; `undefined` takes the file out. */
  update(file: string, content: FileContent | undefined): void;
  /**
   * Marks a file that has gone but may be back in a moment. Its objects stay in force unless another file has them, and
   * that is no duplicate: a renamed file is seen as one that came and one that went. `update` takes the mark away.
   */
  fade(file: string): void;
  /** What changed since the last call. */
  takeChange(): RegistryChange;
  /** Findings in all files, and duplicates. */
  diagnostics(): readonly Diagnostic[];
  files(): ReadonlyMap<string, FileContent>;
}

/** An empty registry. Of several definitions of an object, the first file by name wins, and in a file the first document. */
export function createFileRegistry(): FileRegistry {
  const contents = new Map<string, FileContent>();
  const fading = new Set<string>();
  const claims = new Map<ObjectKey, Map<string, KubeObject[]>>();
  const inForce = new Map<ObjectKey, KubeObject>();
  const duplicates = new Map<ObjectKey, readonly Diagnostic[]>();
  const findings = new Map<string, readonly Diagnostic[]>();
  const affected = new Set<ObjectKey>();

  const claim = (file: string, content: FileContent | undefined): void => {
    const before = byKey(contents.get(file));
    const now = byKey(content);
    for (const [key, objects] of now) {
      if (sameItems(before.get(key), objects)) continue;
      affected.add(key);
      const holders = claims.get(key) ?? new Map<string, KubeObject[]>();
      claims.set(key, holders.set(file, objects));
    }
    for (const key of before.keys()) {
      if (now.has(key)) continue;
      affected.add(key);
      const holders = claims.get(key);
      holders?.delete(file);
      if (holders?.size === 0) claims.delete(key);
    }
  };

  return {
    update(file, content) {
      if (fading.delete(file)) for (const key of byKey(contents.get(file)).keys()) affected.add(key);
      claim(file, content);
      if (content === undefined) contents.delete(file);
      else contents.set(file, content);
      if (content === undefined || content.diagnostics.length === 0) findings.delete(file);
      else findings.set(file, content.diagnostics);
    },
    fade(file) {
      const content = contents.get(file);
      if (content === undefined || fading.has(file)) return;
      fading.add(file);
      for (const key of byKey(content).keys()) affected.add(key);
    },
    takeChange() {
      const set: KubeObject[] = [];
      const removed: ObjectRef[] = [];
      for (const key of affected) {
        const { winner, losers } = rank(claims.get(key), fading);
        if (winner === undefined) {
          if (inForce.delete(key)) removed.push(parseObjectKey(key));
        } else if (inForce.get(key) !== winner) {
          inForce.set(key, winner);
          set.push(winner);
        }
        if (winner === undefined || losers.length === 0) duplicates.delete(key);
        else
          duplicates.set(
            key,
            losers.map((loser) => duplicate(winner, loser)),
          );
      }
      affected.clear();
      return { set, removed };
    },
    diagnostics: () => [...findings.values(), ...duplicates.values()].flat(),
    files: () => contents,
  };
}

function refOf(object: KubeObject): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name };
}

function byKey(content: FileContent | undefined): Map<ObjectKey, KubeObject[]> {
  const map = new Map<ObjectKey, KubeObject[]>();
  for (const object of content?.objects ?? []) {
    const key = objectKey(refOf(object));
    const list = map.get(key);
    if (list) list.push(object);
    else map.set(key, [object]);
  }
  return map;
}

function sameItems(a: readonly KubeObject[] | undefined, b: readonly KubeObject[]): boolean {
  return a?.length === b.length && b.every((object, index) => object === a[index]);
}

function rank(
  holders: ReadonlyMap<string, readonly KubeObject[]> | undefined,
  fading: ReadonlySet<string>,
): { winner: KubeObject | undefined; losers: readonly KubeObject[] } {
  if (holders === undefined) return { winner: undefined, losers: [] };
  const files = [...holders.keys()].sort();
  const [winner, ...losers] = files
    .filter((file) => !fading.has(file))
    .flatMap((file) => holders.get(file) ?? []);
  return { winner: winner ?? files.flatMap((file) => holders.get(file) ?? [])[0], losers };
}

function duplicate(winner: KubeObject, loser: KubeObject): Diagnostic {
  const ref = refOf(loser);
  const [first, second] = [place(winner), place(loser)];
  return {
    code: "object-duplicate",
    severity: "warning",
    origin: { object: ref },
    message: `${ref.kind} ${displayName(ref)} is defined twice: ${first} is in force, ${second} is not.`,
    hint: "Remove or rename one of them.",
    ...(loser.location ? { location: loser.location } : {}),
  };
}

function place(object: KubeObject): string {
  return object.location ? `${object.location.file}:${object.location.line}` : "an unnamed place";
}
