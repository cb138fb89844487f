import { bad, ok, type ValueType } from "@sluice/feature-api";

const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

const EXPECTED = "a size: a whole number of bytes, or one with b, k, m or g behind it";

/** A size in bytes: a number with `b`, `k`, `m` or `g` in any case, in powers of 1,024; without a unit, bytes. */
export const sizeType: ValueType<number> = {
  expected: EXPECTED,
  schema: { type: "string", pattern: "^[0-9]+[bkmgBKMG]?$" },
  parse: (text) => {
    const [, digits, unit = ""] = /^([0-9]{1,15})([bkmg]?)$/i.exec(text) ?? [];
    const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
    return digits === undefined || !Number.isSafeInteger(bytes) ? bad(EXPECTED) : ok(bytes);
  },
};
