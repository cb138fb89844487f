/** The two forms of a page. */
export type Format = "json" | "html";

/**
 * Which form a client gets: what `format` in the query says, else HTML if its `Accept` header prefers that to JSON, as
 * browsers do. Clients that take anything, as curl, get JSON.
 */
export function chooseFormat(accept: string | undefined, format: string | null): Format {
  if (format === "json" || format === "html") return format;
  const ranges = parseAccept(accept ?? "*/*");
  return quality(ranges, "text/html") > quality(ranges, "application/json") ? "html" : "json";
}

type Ranges = ReadonlyMap<string, number>;

/** Media ranges with their weights, RFC 9110 section 12.5.1. A weight that is no number counts as 1. */
function parseAccept(accept: string): Ranges {
  const ranges = new Map<string, number>();
  for (const part of accept.split(",")) {
    const [range = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    const number = Number.parseFloat(weight ?? "1");
    ranges.set(range, Number.isNaN(number) ? 1 : number);
  }
  return ranges;
}

/** "Media ranges can be overridden by more specific media ranges": the most specific one that is there decides. */
function quality(ranges: Ranges, type: string): number {
  const family = `${type.slice(0, type.indexOf("/"))}/*`;
  return ranges.get(type) ?? ranges.get(family) ?? ranges.get("*/*") ?? 0;
}
