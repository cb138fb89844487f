/**
 * Directives of an NGINX snippet that may protect something: `deny`, `allow`, `auth_*`, `limit_*`, `return 403` and
 * `return 444`; each once, in order. Words count where a statement begins, so not in comments or values. It need not be
 * a whole configuration, and nothing is too broken to be looked at.
 */
export function protectionsIn(snippet: string): readonly string[] {
  return [...new Set(statements(snippet).flatMap(protectionIn))];
}

/**
 * The same, and more that may: other refusals (`return` of 400 to 499), client certificates, referers, signed links, ModSecurity and
 * Lua that runs before a request is forwarded. For those who ask what they lose, not for Events.
 */
export function possibleProtectionsIn(snippet: string): readonly string[] {
  return [
    ...new Set(
      statements(snippet).flatMap((statement) => {
        const sure = protectionIn(statement);
        return sure.length > 0 ? sure : possibleProtectionIn(statement);
      }),
    ),
  ];
}

const POSSIBLE =
  /^(?:satisfy|ssl_verify_client|valid_referers|secure_link|internal|modsecurity(?:_[a-z_]{1,30})?|(?:access|rewrite|server_rewrite)_by_lua[a-z_]{0,10})$/;

function possibleProtectionIn([name = "", argument = ""]: readonly string[]): readonly string[] {
  if (name === "return") return /^4\d\d$/.test(argument) ? [`return ${argument}`] : [];
  return POSSIBLE.test(name) ? [name] : [];
}

const PLAIN = new Set(["deny", "allow"]);

function protectionIn([name = "", argument = ""]: readonly string[]): readonly string[] {
  if (name === "return") return argument === "403" || argument === "444" ? [`return ${argument}`] : [];
  const directive = /^(?:auth|limit)_[a-z0-9_]{1,40}$/.test(name) || PLAIN.has(name);
  return directive ? [name] : [];
}

/**
 * The first two words of each statement: only they are looked at. As in NGINX a quote or `#` inside a word means itself,
 * and so does a quote without an end. No regular expression does it: they give up on long texts.
 */
function statements(text: string): readonly (readonly string[])[] {
  const found: string[][] = [];
  let words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (isBlank(code)) at++;
    else if (code === HASH) at = lineEnd(text, at);
    else if (isSeparator(code)) {
      if (words.length > 0) found.push(words);
      words = [];
      at++;
    } else {
      const quotedTo = code === DOUBLE || code === SINGLE ? quoteEnd(text, at, code) : -1;
      const end = quotedTo < 0 ? bareEnd(text, at) : quotedTo + 1;
      if (words.length < 2) words.push(quotedTo < 0 ? text.slice(at, end) : text.slice(at + 1, quotedTo));
      at = end;
    }
  }
  return [...found, words];
}

const [HASH, DOUBLE, SINGLE, BACKSLASH, DOLLAR, SEMICOLON, OPEN, CLOSE] = [
  0x23, 0x22, 0x27, 0x5c, 0x24, 0x3b, 0x7b, 0x7d,
];

function lineEnd(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end;
}

/** Where the closing quote stands; -1: there is none. */
function quoteEnd(text: string, start: number, quote: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === quote) return at;
  }
  return -1;
}

function bareEnd(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); at < text.length; code = text.charCodeAt(at)) {
    if (isBlank(code) || isSeparator(code)) break;
    // The brace of a variable ends nothing.
    at += code === DOLLAR && text.charCodeAt(at + 1) === OPEN ? 2 : 1;
  }
  return at;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function isSeparator(code: number): boolean {
  return code === SEMICOLON || code === OPEN || code === CLOSE;
}
