import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import type { Diagnostic } from "@sluice/model";

/** Larger files are refused: parsing takes some hundred times their size in time and memory. */
export const MAX_FILE_BYTES = 50 * 1024 * 1024;

const CHUNK_BYTES = 64 * 1024;

/** The text of a file, or why there is none. */
export type TextResult = { readonly text: string } | { readonly problem: Diagnostic };

/** Reads a regular file of bounded size as UTF-8. Never throws; never blocks on pipes, devices and the like. */
export function readText(file: string): TextResult {
  try {
    // To open a device may do something.
    const refusedUnopened = refusal(file, statSync(file));
    if (refusedUnopened !== undefined) return { problem: refusedUnopened };
    // Not blocking, since what is behind a link into /proc may say that it is a regular file, and yet make a reader wait.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const refused = refusal(file, fstatSync(descriptor));
      if (refused !== undefined) return { problem: refused };
      const bytes = readUpTo(descriptor, MAX_FILE_BYTES + 1);
      return bytes.length > MAX_FILE_BYTES ? { problem: tooLarge(file) } : decodeText(file, bytes);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return { problem: unreadable(file, reasonOf(error)) };
  }
}

/** The bytes of the file, or so many of them: a size that is told may be wrong, and a file may grow while it is read. */
function readUpTo(descriptor: number, limit: number): Uint8Array {
  const size = fstatSync(descriptor).size;
  const parts: Uint8Array[] = [];
  for (let length = 0; length < limit; ) {
    const part = new Uint8Array(Math.min(length === 0 ? size + 1 : CHUNK_BYTES, limit - length));
    const read = readSync(descriptor, part);
    if (read === 0) break;
    parts.push(part.subarray(0, read));
    length += read;
  }
  return Buffer.concat(parts);
}

/** The text in the bytes; a byte order mark is dropped. What is not UTF-8 is a syntax error with its place. */
export function decodeText(file: string, bytes: Uint8Array): TextResult {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    const before = new TextDecoder().decode(bytes).split("\uFFFD", 1)[0] ?? "";
    const lines = before.split("\n");
    const location = { file, line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
    return {
      problem: { code: "file-syntax", severity: "error", message: `${file} is not valid UTF-8.`, location },
    };
  }
}

function refusal(file: string, stats: Stats): Diagnostic | undefined {
  if (!stats.isFile()) return unreadable(file, "it is not a regular file");
  if (stats.size <= MAX_FILE_BYTES) return undefined;
  return tooLarge(file);
}

function tooLarge(file: string): Diagnostic {
  return unreadable(file, `it is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`);
}

/** The finding about a path that cannot be read. */
export function unreadable(file: string, reason: string): Diagnostic {
  return {
    code: "file-unreadable",
    severity: "error",
    message: `${file} cannot be read: ${reason}.`,
    location: { file, line: 1, column: 1 },
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  ELOOP: "its symbolic links form a circle",
  EISDIR: "it is a folder",
  EMFILE: "too many files are open",
  EAGAIN: "reading it would wait for more to come",
};

/** The reason of a failed file operation, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
