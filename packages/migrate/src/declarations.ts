import type { Feature, Key } from "@sluice/feature-api";

/** Declarations of keys, by name, alias or family. Lookups are remembered: the same few keys are asked for again and again. */
export type Declarations = (key: string) => Key<never> | undefined;

export function declarations(features: readonly Feature[]): Declarations {
  const plain = new Map<string, Key<never>>();
  const families: (readonly [start: string, key: Key<never>])[] = [];
  for (const feature of features)
    for (const [name, key] of Object.entries(feature.keys)) {
      if (key.each) families.push([name.slice(0, -1), key]);
      else for (const text of [name, ...(key.aliases ?? [])]) plain.set(text, key);
    }
  return (name) =>
    plain.get(name) ?? families.find(([start]) => name.startsWith(start) && name.length > start.length)?.[1];
}

/** A declaration that says that the other gateway does not know the key. */
export function isUnknownThere(difference: string): boolean {
  return /^ingress-nginx (?:has no such annotation|does not have it|has no )/.test(difference);
}
