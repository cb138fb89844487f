/** Quotes a value for a sentence, cut to a length that a terminal can bear. */
export function shorten(text: string, max = 80): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return JSON.stringify(cut);
}

/** As much of a value as a diagnostic holds: diagnostics are kept, compared and printed many times over. */
const MAX_SHOWN = 4096;

/** A value as a diagnostic shows it: whole, but for what is longer than anybody reads. */
export function shownValue(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
