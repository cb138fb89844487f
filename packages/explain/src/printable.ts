/**
 * A copy with control characters written out in all its texts, so that what a client or an author wrote cannot steer a
 * terminal or fake a line. For plain data only.
 */
export function printable<T>(data: T): T {
  const clean = (_key: string, value: unknown): unknown =>
    typeof value === "string" ? cleanText(value) : value;
  // Texts stay texts, so the shape is that of the argument.
  return JSON.parse(JSON.stringify(data), clean) as T;
}

function cleanText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** Cut to a length that fits a line. */
export function shortened(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
