/** Keys and list positions from the root of an object to a field. */
export type FieldPath = readonly (string | number)[];

/** The path as people read it: `spec.rules[0].http.paths[1]`, `metadata.annotations["a.b/c"]`. */
export function formatFieldPath(path: FieldPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

const PART = /\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** The path behind a text of {@link formatFieldPath}. What cannot be read ends the path there. */
export function parseFieldPath(text: string): FieldPath {
  const path: (string | number)[] = [];
  PART.lastIndex = 0;
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    if (part[1] !== undefined) path.push(part[1]);
    else if (part[2] !== undefined) path.push(Number(part[2]));
    else {
      const key = unquote(part[3] ?? "");
      if (key === undefined) break;
      path.push(key);
    }
    if (PART.lastIndex >= text.length) break;
  }
  return path;
}

function unquote(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return undefined;
  }
}
