import { bad, booleanType, integerType, rawType, type ValueResult, type ValueType } from "./value-type.ts";

/** The longest value of a key that does not say otherwise, in UTF-16 code units: far more than any value that means something. */
export const MAX_VALUE_LENGTH = 16_384;

/** For keys that legitimately hold much: well over two thousand addresses. */
export const MAX_LONG_VALUE_LENGTH = 40_960;

/** What a key's declaration says besides its type. */
export interface KeyInfo {
  /** One or two sentences for users: what it does. */
  readonly doc: string;
  /** A value that works. */
  readonly example: string;
  /** What holds when the annotation is absent, in words or as a value. */
  readonly default?: string;
  /** Other names of the same key; the first name present in the order name, aliases counts. */
  readonly aliases?: readonly string[];
  /**
   * The longest value, in UTF-16 code units; a longer one is a bad value, and no parser sees it. Default
   * {@link MAX_VALUE_LENGTH}. It bounds what one annotation costs: files have no limit, and lists are not all parsed in linear time.
   */
  readonly maxLength?: number;
  /** True: a blank value counts. Elsewhere a blank annotation is the same as none. */
  readonly blankCounts?: boolean;
  /** Absent: it works. `none`: it is accepted, does nothing and is reported. `refused`: it is reported as refused. */
  readonly effect?: "none" | "refused";
  /** How it differs from ingress-nginx, if it does; for the migration check. */
  readonly nginx?: string;
  /** How it differs from Higress. */
  readonly higress?: string;
}

/** The declaration of an annotation. `each`: the name ends in `*`, and the value is a map by what stands for it. */
export interface Key<T> extends KeyInfo {
  readonly type: ValueType<unknown>;
  readonly each: boolean;
  /** Carries the type of the value at compile time only. */
  readonly valueOf?: (value: T) => void;
}

export type KeyTable = Readonly<Record<string, Key<never>>>;

/** The typed values of a key table; absent, blank and bad ones are undefined. */
export type Values<K> = { readonly [N in keyof K]?: K[N] extends Key<infer T> ? T : never };

/** Declares a key of any value type. */
export function key<T>(type: ValueType<T>, info: KeyInfo): Key<T> {
  return { ...info, type, each: false };
}

/** Declares a family of keys `NAME-*`; its value is a map from what stands for `*` (as written) to the value. */
export function keys<T>(type: ValueType<T>, info: KeyInfo): Key<ReadonlyMap<string, T>> {
  return { ...info, type, each: true };
}

/** The value of an annotation of this key, of which `text` is what the user wrote, trimmed. Never throws. */
export function parseValue(key: Pick<Key<never>, "type" | "maxLength">, text: string): ValueResult<unknown> {
  const { maxLength = MAX_VALUE_LENGTH } = key;
  return text.length > maxLength ? bad(`at most ${maxLength} characters`) : key.type.parse(text);
}

export function bool(info: KeyInfo): Key<boolean> {
  return key(booleanType, info);
}

export function int(min: number, max: number, info: KeyInfo): Key<number> {
  return key(integerType(min, max), info);
}

/** Whole seconds without a unit. */
export function seconds(info: KeyInfo, max = 1_000_000_000): Key<number> {
  return key(integerType(0, max, "seconds, without a unit"), info);
}

/** Text whose parts the feature checks itself, reporting each. */
export function raw(info: KeyInfo): Key<string> {
  return key(rawType, info);
}
