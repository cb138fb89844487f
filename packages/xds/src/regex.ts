/** RE2 syntax that matches a text literally. Source: RE2's `QuoteMeta`. */
export function quoteMeta(text: string): string {
  return text.replace(/[^A-Za-z0-9_\u0080-\uffff]/g, "\\$&");
}
