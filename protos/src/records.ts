/** The properties of an object, or none when the value is no object. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? // An object that is no array is a record of unknown values.
      (value as Record<string, unknown>)
    : {};
}

/** The items of an array, or none when the value is no array. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
