import type { ObjectRef } from "./object-ref.ts";

/** A place in a file, 1-based as editors count. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Where something comes from: an object, and if it can be told, the field or annotation in it.
 * Routes and resources carry origins so that every answer leads back to what a user wrote.
 */
export interface Origin {
  readonly object: ObjectRef;
  /** Path in the object, as `spec.rules[0].http.paths[1]` or `metadata.annotations["KEY"]`. */
  readonly field?: string;
}
