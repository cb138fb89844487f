const DEPTH = 8;

/**
 * A value as JSON can have it, so that policies of any feature can be printed. Bytes are never shown, only counted;
 * functions are left out; what is nested too deeply ends in an ellipsis.
 */
export function showable(value: unknown, depth = 0): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (value instanceof Date || value instanceof URL) return String(JSON.parse(JSON.stringify(value)));
  if (depth >= DEPTH) return "…";
  if (Array.isArray(value) || value instanceof Set)
    return [...value].map((item) => showable(item, depth + 1) ?? null);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.flatMap(([key, item]) => {
      const shown = showable(item, depth + 1);
      return shown === undefined ? [] : [[String(key), shown]];
    }),
  );
}
