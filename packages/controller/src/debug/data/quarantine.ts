import { type ObjectRef, objectKey } from "@sluice/model";
import type { DebugTarget } from "../page.ts";
import { typeName } from "./resource-types.ts";
import { isoTime } from "./time.ts";

/** Something that a node refused and that is withheld. */
export interface QuarantineEntry {
  /**
   * `object`: this one was found to be at fault; what it shares with others is live without it, or with its last
   * accepted form. `resource`: this resource as a whole is withheld; one of the objects behind it is at fault.
   */
  readonly withheld: "object" | "resource";
  readonly objects: readonly ObjectRef[];
  readonly resource: { readonly type: string; readonly typeUrl: string; readonly name: string };
  /** Envoy's words. */
  readonly words: string;
  readonly since?: string;
  /** Whether an earlier, accepted form of it serves on. */
  readonly earlierFormServes: boolean;
  /** For a resource: which nodes refuse it, and which version. */
  readonly nodes?: readonly string[];
  readonly version?: string;
  readonly rendering?: string;
}

/** Everything that is withheld because a node refused it: objects first, then resources, each by name. */
export function quarantine({ controlPlane }: Pick<DebugTarget, "controlPlane">): readonly QuarantineEntry[] {
  const objects = controlPlane.isolation.entries().map(
    (entry): QuarantineEntry => ({
      withheld: "object",
      objects: [entry.object],
      resource: { type: typeName(entry.resource.typeUrl), ...entry.resource },
      words: entry.words,
      ...sinceOf(entry.since),
      earlierFormServes: entry.earlierFormServes,
    }),
  );
  const resources = controlPlane.renderings().flatMap(({ name: rendering, world }) =>
    world.quarantine().map(
      ({ typeUrl, name, words, since, suspects, nodes, version, fallbackVersion }): QuarantineEntry => ({
        withheld: "resource",
        objects: distinct(suspects.map(({ object }) => object)),
        resource: { type: typeName(typeUrl), typeUrl, name },
        words,
        ...sinceOf(since),
        earlierFormServes: fallbackVersion !== undefined,
        nodes,
        version,
        rendering,
      }),
    ),
  );
  return [...objects.sort(byObject), ...resources];
}

function sinceOf(milliseconds: number): { readonly since?: string } {
  const since = isoTime(milliseconds);
  return since === undefined ? {} : { since };
}

function distinct(objects: readonly ObjectRef[]): readonly ObjectRef[] {
  return [...new Map(objects.map((object) => [objectKey(object), object])).values()];
}

function byObject(a: QuarantineEntry, b: QuarantineEntry): number {
  const [left = "", right = ""] = [a, b].map(({ objects: [first] }) => first && objectKey(first));
  return left < right ? -1 : 1;
}
