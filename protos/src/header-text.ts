/**
 * Whether text can be a header name as `validate.proto` says for `HTTP_HEADER_NAME` (a token, with a colon in
 * front for pseudo headers), and for `HTTP_HEADER_VALUE` (no control characters save tab). When not strict,
 * both only refuse NUL, CR and LF.
 */
export function isHeaderText(
  text: string,
  kind: "HTTP_HEADER_NAME" | "HTTP_HEADER_VALUE",
  strict: boolean,
): boolean {
  if (!strict) return every(text, 0, (code) => code !== 0 && code !== 10 && code !== 13);
  if (kind === "HTTP_HEADER_VALUE")
    return every(text, 0, (code) => code === 9 || (code >= 32 && code !== 127));
  const start = text.startsWith(":") ? 1 : 0;
  return text.length > start && every(text, start, isTokenCharacter);
}

/** RFC 9110 `tchar`. */
function isTokenCharacter(code: number): boolean {
  const alphanumeric =
    (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return alphanumeric || "!#$%&'*+-.^_`|~".includes(String.fromCharCode(code));
}

function every(text: string, start: number, test: (code: number) => boolean): boolean {
  for (let i = start; i < text.length; i++) {
    if (!test(text.charCodeAt(i))) return false;
  }
  return true;
}
