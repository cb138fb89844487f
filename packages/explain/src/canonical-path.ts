/**
 * Envoy's path normalisation, step for step: `normalize_path` (parameters of dot segments are cut off, then the
 * canonicalisation of Chromium's URL library), then `merge_slashes`. `%2F` and `%5C` are left alone.
 *
 * Source: `PathUtil` in Envoy's `source/common/http/path_utility.cc` and `CanonicalizePath` in googleurl's
 * `url_canon_path.cc`; compared with Envoy 1.40 byte by byte. Its quirks are kept, for an answer has to agree with
 * Envoy and not with RFC 3986: `//` stays `//`, and `/%2e%2e;x` becomes `/..;x`, which is not collapsed.
 *
 * `path` is ASCII, starts with a slash and holds no query. `undefined`: Envoy answers 400 (an escaped NUL).
 */
export function canonicalPath(path: string): string | undefined {
  const canonical = canonicalize(cutDotParameters(path));
  return canonical === undefined ? undefined : mergeSlashes(canonical);
}

/** `..;x` and `.;x` are dot segments to many backends, so Envoy drops what follows the dots. */
function cutDotParameters(path: string): string {
  if (!path.includes(".;")) return path;
  return path
    .split("/")
    .map((segment) => (segment.startsWith("..;") ? ".." : segment.startsWith(".;") ? "." : segment))
    .join("/");
}

function mergeSlashes(path: string): string {
  if (!path.includes("//")) return path;
  const segments = path.split("/").filter((segment) => segment !== "");
  return `/${segments.join("/")}${path.endsWith("/") ? "/" : ""}`;
}

function canonicalize(path: string): string | undefined {
  const out: string[] = [];
  // Where the output has a percent sign that began no escape in the input.
  let loosePercent = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < path.length; ) {
    const dots = dotLength(path, at);
    if (dots > 0) {
      at += dots;
      if (out.at(-1) === "/") at += dotSegment(path, at, out);
      else out.push(".");
      continue;
    }
    const char = path.charAt(at);
    const escaped = char === "%" ? escapedAt(path, at) : undefined;
    if (escaped === 0) return undefined;
    if (escaped !== undefined && isUnreserved(escaped)) {
      at += 3;
      out.push(String.fromCharCode(escaped));
      if (loosePercent >= out.length - 3) at += closeLoosePercent(path, at, out, loosePercent);
    } else if (escaped !== undefined) {
      out.push(...path.slice(at, at + 3));
      at += 3;
    } else {
      if (char === "%") loosePercent = out.length;
      out.push(...plain(char));
      at += 1;
    }
  }
  return out.join("");
}

/** A dot after a slash has been read up to `at`. Acts on the output; tells how much more of the input belongs to it. */
function dotSegment(path: string, at: number, out: string[]): number {
  if (at === path.length) return 0;
  if (isSlash(path, at)) return 1;
  const second = dotLength(path, at);
  const after = at + second;
  if (second === 0 || (after < path.length && !isSlash(path, after))) {
    out.push(".");
    return 0;
  }
  // The output ends in a slash, and starts with one that stays.
  if (out.length > 1) out.length = out.lastIndexOf("/", out.length - 2) + 1;
  return after === path.length ? second : second + 1;
}

/**
 * The output ends in a percent sign at `percent` and one or two characters, the last just unescaped. Where that
 * would read as an escape, which the input did not have, the percent sign is escaped. Tells how much input it took.
 */
function closeLoosePercent(path: string, at: number, out: string[], percent: number): number {
  const borrowed = percent === out.length - 2 ? path.charAt(at) : "";
  const digits = out.slice(percent + 1).join("") + borrowed;
  if (!/^[0-9A-Fa-f]{2}$/.test(digits)) return 0;
  out.splice(percent + 1, out.length, "2", "5", ...digits);
  return borrowed.length;
}

function plain(char: string): string {
  if (char === "\\") return "/";
  return '"<>^`{|}'.includes(char) ? `%${char.charCodeAt(0).toString(16).toUpperCase()}` : char;
}

function escapedAt(path: string, at: number): number | undefined {
  const digits = path.slice(at + 1, at + 3);
  return /^[0-9A-Fa-f]{2}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

function isUnreserved(code: number): boolean {
  return /[A-Za-z0-9._~-]/.test(String.fromCharCode(code));
}

/** The length of a dot, escaped or not, at this place; 0 if there is none. */
function dotLength(path: string, at: number): number {
  if (path[at] === ".") return 1;
  return path[at] === "%" && escapedAt(path, at) === 0x2e ? 3 : 0;
}

function isSlash(path: string, at: number): boolean {
  return path[at] === "/" || path[at] === "\\";
}
