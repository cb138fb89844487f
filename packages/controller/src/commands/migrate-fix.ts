import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Addition, FIX_PREFIX, fixManifest, type MigrationReport } from "@sluice/migrate";
import { OperatorError } from "../operator-error.ts";
import { printable } from "../terminal/printable.ts";

export interface FixFlags {
  readonly fix?: boolean;
  readonly output?: string;
  readonly inPlace?: boolean;
}

interface FixedFile {
  readonly file: string;
  readonly text: string;
  readonly diff: string;
}

/**
 * Adds what brings the behaviour back to the files of the Ingresses, and returns the difference. Files are written to
 * `--output` or, with `--in-place`, where they are; without either nothing is written. Throws an {@link OperatorError} where a
 * file cannot be written.
 */
export function fixFiles(report: MigrationReport, paths: readonly string[], flags: FixFlags): string {
  if (flags.output !== undefined && flags.inPlace)
    throw new OperatorError("usage", "--output and --in-place exclude each other.");
  const fixed = [...additionsByFile(report)].map(([file, additions]) => fixFile(file, additions));
  const changed = fixed.flatMap(({ file, text, diff, left, isChanged }) => {
    for (const { name, reason } of left)
      process.stderr.write(`sluice: ${printable(`${file}: Ingress ${name} is left as it is: ${reason}.`)}\n`);
    return isChanged ? [{ file, text, diff }] : [];
  });
  write(changed, paths, flags);
  const isWritten = flags.output !== undefined || flags.inPlace === true;
  const verb = isWritten ? "changed" : "would change; nothing is written without --output or --in-place";
  return `${changed.map(({ diff }) => diff).join("")}${changed.length} ${changed.length === 1 ? "file" : "files"} ${verb}\n`;
}

function additionsByFile(report: MigrationReport): ReadonlyMap<string, readonly Addition[]> {
  const byFile = new Map<string, Addition[]>();
  for (const { ingress, location, fixes } of report.ingresses) {
    if (location === undefined || Object.keys(fixes).length === 0) continue;
    const annotations = Object.fromEntries(
      Object.entries(fixes).map(([key, value]) => [FIX_PREFIX + key, value]),
    );
    const { namespace, name } = ingress;
    byFile.set(location.file, [...(byFile.get(location.file) ?? []), { namespace, name, annotations }]);
  }
  return byFile;
}

function fixFile(file: string, additions: readonly Addition[]) {
  const before = readFileSync(file, "utf8");
  const { text, inserted, left } = fixManifest(before, additions);
  const lines = inserted.map(
    ({ line, text: put }) => `@@ after line ${line} @@\n${printableLines(put, "+ ")}\n`,
  );
  return { file, text, left, isChanged: text !== before, diff: `--- ${printable(file)}\n${lines.join("")}` };
}

function printableLines(text: string, start: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => start + printable(line.trim()))
    .join("\n");
}

function write(files: readonly FixedFile[], paths: readonly string[], { output, inPlace }: FixFlags): void {
  const targets = new Map<string, FixedFile>();
  for (const fixed of files) {
    const target = inPlace
      ? fixed.file
      : output === undefined
        ? undefined
        : join(output, nameUnder(fixed.file, paths));
    if (target === undefined) continue;
    if (targets.has(target))
      throw new OperatorError("usage", `Two files would be written to ${target}.`, {
        hint: "Give their folders one at a time.",
      });
    if (!inPlace && resolve(target) === resolve(fixed.file))
      throw new OperatorError("usage", `${target} is the file itself.`, {
        hint: "Give another folder, or --in-place.",
      });
    targets.set(target, fixed);
  }
  for (const [target, { file, text }] of targets) {
    if (output !== undefined) refuseLinks(output, target, file);
    try {
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new OperatorError("input", `${target} cannot be written: ${reason}`, { cause });
    }
  }
}

/** Throws an {@link OperatorError} where a link would lead out of the output folder, or back to the file that was read. */
function refuseLinks(output: string, target: string, file: string): void {
  if (existsSync(target) && realpathSync(target) === realpathSync(file))
    throw new OperatorError("usage", `${target} is the file itself.`, {
      hint: "Give another folder, or --in-place.",
    });
  for (let path = target; relative(output, path) !== ""; path = dirname(path))
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new OperatorError("usage", `${path} is a link, which may lead out of ${output}.`, {
        hint: "Give an empty folder.",
      });
}

/** The name of a file under the folder that was given, or its own name if it was given itself. */
function nameUnder(file: string, paths: readonly string[]): string {
  const root = paths.find((path) => statSync(path).isDirectory() && !relative(path, file).startsWith(".."));
  return root === undefined ? basename(file) : relative(root, file);
}
