import { decodeMessage } from "./decode.ts";
import { envoyChecks } from "./envoy-checks.ts";
import { asRecord } from "./records.ts";
import { type FieldInfo, findMessage, type MessageInfo, type MessageOf, messageInfo } from "./registry.ts";
import { fieldRules } from "./rules-field.ts";
import { all, type Check, under, underEach, type Violation } from "./violation.ts";

/**
 * What of a message (or of its bytes) Envoy's API forbids: the `validate.rules` of the protos, through nested
 * messages and every Any of a known type, and what Envoy checks besides: each pattern of a `RegexMatcher` has
 * to be RE2, each `HeaderValue` a header. Empty when all is well. It does not find every reason for a refusal.
 * Throws on an unknown type only; bytes that are no message of the type are a violation.
 */
export function checkConstraints<T extends string>(
  typeUrlOrName: T,
  message: MessageOf<T> | Uint8Array,
): Violation[] {
  const info = messageInfo(typeUrlOrName);
  const out: Violation[] = [];
  if (message instanceof Uint8Array) checkBytes(info, message, out);
  else checkerOf(info)?.(message, out);
  return out;
}

const checkers = new Map<MessageInfo, Check | undefined>();
const worthwhile = new Map<MessageInfo, boolean>();

/** The checker of a message, `undefined` when nothing in or below it can be wrong. Made once for each type. */
function checkerOf(info: MessageInfo): Check | undefined {
  if (!checkers.has(info)) checkers.set(info, isWorthwhile(info) ? buildChecker(info) : undefined);
  return checkers.get(info);
}

function buildChecker(info: MessageInfo): Check | undefined {
  const special = envoyChecks(info);
  if (info.name === "google.protobuf.Any") return checkAny;
  const fields = info.fields
    .map((field) => [field, fieldChecker(field)] as const)
    .filter(([, check]) => check);
  const oneofs = info.requiredOneofs;
  return (message, out) => {
    const values = asRecord(message);
    for (const [field, check] of fields) if (check) under(field.name, check, values[field.name], out);
    for (const [name, members] of oneofs) {
      if (!members.some((member) => values[member] !== undefined)) {
        out.push({
          path: "",
          rule: "oneof.required",
          message: `must have one of ${members.join(", ")} (${name})`,
        });
      }
    }
    special?.(message, out);
  };
}

function fieldChecker(field: FieldInfo): Check | undefined {
  const skip = asRecord(asRecord(field.rules).message).skip === true;
  return all([fieldRules(field), field.kind === "message" && !skip ? nestedChecker(field) : undefined]);
}

/** Types refer to each other, so the checker of a nested type is looked up when it is needed. */
function nestedChecker(field: FieldInfo): Check | undefined {
  const nested = field.message();
  if (!isWorthwhile(nested)) return undefined;
  const check: Check = (value, out) => checkerOf(nested)?.(value, out);
  if (field.repeated) return (value, out) => underEach(check, value, out);
  if (field.key !== undefined) {
    return (value, out) => {
      for (const [key, item] of Object.entries(asRecord(value)))
        under(`[${JSON.stringify(key)}]`, check, item, out);
    };
  }
  return (value, out) => {
    if (value !== undefined) check(value, out);
  };
}

/** Whether a rule, or an Any, can be reached from a type. */
function isWorthwhile(info: MessageInfo): boolean {
  const known = worthwhile.get(info);
  if (known !== undefined) return known;
  const seen = new Set([info]);
  let found = false;
  for (const type of seen) {
    found ||= hasRules(type);
    if (found) break;
    for (const field of type.fields) if (field.kind === "message") seen.add(field.message());
  }
  worthwhile.set(info, found);
  return found;
}

function hasRules(info: MessageInfo): boolean {
  if (info.name === "google.protobuf.Any" || envoyChecks(info) || info.requiredOneofs.length > 0) return true;
  return info.fields.some((field) => field.rules !== undefined);
}

function checkAny(value: unknown, out: Violation[]): void {
  const { typeUrl, value: bytes } = asRecord(value);
  const info = typeof typeUrl === "string" ? findMessage(typeUrl) : undefined;
  if (info) checkBytes(info, bytes instanceof Uint8Array ? bytes : new Uint8Array(), out);
}

function checkBytes(info: MessageInfo, bytes: Uint8Array, out: Violation[]): void {
  const check = checkerOf(info);
  if (!check) return;
  let message: unknown;
  try {
    message = decodeMessage(info, bytes);
  } catch {
    out.push({ path: "", rule: "any", message: `must hold the bytes of a ${info.name}` });
    return;
  }
  check(message, out);
}
