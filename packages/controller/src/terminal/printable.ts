// Control characters, and marks that turn the direction of what follows (as in CVE-2021-42574).
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const STEERING = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** The text with every character that could steer a terminal replaced by one that shows it; the length stays. */
export function printable(text: string): string {
  return text.replace(STEERING, (char) => (char === "\t" ? " " : "\ufffd"));
}
