/** What is remembered of a text, to tell a later one that is half written from one that was edited. */
export interface TextForm {
  readonly lines: number;
  /** How it ends. */
  readonly tail: string;
  /** Its last line up to the value. */
  readonly lastKey: string;
}

/** More than one entry of a list of paths, so that the ends of two entries differ. */
const TAIL_LENGTH = 256;

/** The form of a text. */
export function formOf(text: string): TextForm {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines++;
  const tail = text.slice(-TAIL_LENGTH);
  return { lines, tail, lastKey: lastKey(tail) };
}

/**
 * Whether a text may be the first part of one whose end is still to come: it ends without the line break that it had, or
 * in other words than before with lines gone or with another last key. False for one whose values alone were edited.
 */
export function endsShort(before: TextForm, text: string): boolean {
  if (text.endsWith(before.tail)) return false;
  if (before.tail.endsWith("\n") && !text.endsWith("\n")) return true;
  const form = formOf(text);
  return form.lines < before.lines || form.lastKey !== before.lastKey;
}

function lastKey(tail: string): string {
  const text = tail.trimEnd();
  const line = text.slice(text.lastIndexOf("\n") + 1);
  const colon = line.indexOf(":");
  return colon === -1 ? line : line.slice(0, colon);
}
