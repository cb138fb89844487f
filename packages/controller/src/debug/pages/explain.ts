import { type ExplainRequest, type Explanation, explain as explainRequest } from "@sluice/explain";
import { fault, type Page, shown } from "../page.ts";
import { type Block, type Document, dim, type Form, paragraph } from "../view/document.ts";
import { explanationBlocks } from "./explanation.ts";

/** Which rule takes a request, and why. */
export const explain: Page = {
  path: "/debug/explain",
  navigation: "Explain",
  doc: "Which rule takes a request, which others lost and why, and where it goes. header is “Name: value” and may be repeated.",
  query: ["method", "url", "header", "sni"],
  answer({ view }, { query }) {
    const form = formOf(query);
    const url = (query.get("url") ?? "").trim();
    if (url === "") {
      const error = "url is missing, as in /debug/explain?method=GET&url=http://example.com/";
      return { ...shown({ error }, () => page([form, ...HELP])), status: query.has("url") ? 400 : 200 };
    }
    const headers = readHeaders(query.getAll("header"));
    if ("fault" in headers) return fault(400, headers.fault);
    const sni = query.get("sni") ?? "";
    const request: ExplainRequest = {
      method: query.get("method") || "GET",
      url,
      headers: headers.list,
      ...(sni === "" ? {} : { sni }),
    };
    return shown(explainRequest(request, view), (explanation: Explanation) =>
      page([form, ...explanationBlocks(explanation, view)]),
    );
  },
};

const HELP: readonly Block[] = [
  paragraph(
    dim(
      "Nothing is sent: the answer is computed from what the gateway has read. A URL is http(s)://HOST/PATH.",
    ),
  ),
];

function page(blocks: readonly Block[]): Document {
  return { title: "Explain a request", blocks };
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

function formOf(query: URLSearchParams): Form {
  const method = query.get("method") || "GET";
  return {
    kind: "form",
    action: "/debug/explain",
    submit: "Explain",
    fields: [
      {
        name: "method",
        label: "Method",
        value: method,
        input: METHODS.includes(method) ? METHODS : [method, ...METHODS],
      },
      {
        name: "url",
        label: "URL",
        value: query.get("url") ?? "",
        placeholder: "https://example.com/path?query",
      },
      {
        name: "header",
        label: "Headers, one a line",
        value: query.getAll("header").join("\n").trim(),
        placeholder: "x-canary: always",
        input: "lines",
      },
    ],
  };
}

type Headers = ExplainRequest["headers"];

/** Reads `Name: value` lines; a form sends several in one parameter. */
function readHeaders(values: readonly string[]): { readonly list: Headers } | { readonly fault: string } {
  const list: (readonly [string, string])[] = [];
  for (const line of values.flatMap((value) => value.split(/\r\n|\r|\n/))) {
    if (line.trim() === "") continue;
    // Pseudo-headers begin with a colon.
    const colon = line.indexOf(":", 1);
    if (colon < 0) return { fault: `header must be "Name: value", not ${JSON.stringify(line)}.` };
    list.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  return { list };
}
