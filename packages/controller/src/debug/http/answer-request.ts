import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, fault, type Page, type PageRequest, type ProcessTarget, plainText } from "../page.ts";
import { carry, carryAddress } from "../view/carry.ts";
import { CONTENT_SECURITY_POLICY, renderHtml } from "../view/html.ts";
import { isTrustedHost } from "./host-check.ts";
import { chooseFormat, type Format } from "./negotiate.ts";
import { routePage } from "./route.ts";
import { GATEWAY, isAnswer, selectGateway } from "./select-gateway.ts";

export interface AnswerOptions {
  readonly pages: readonly Page[];
  readonly target: ProcessTarget;
  /** The host that the operator configured. */
  readonly host: string;
  /** Called with an exception of a page, a bug; its client is told no details. */
  readonly onError: (error: unknown, path: string) => void;
}

/** Answers one request, whatever it is. Never throws and never rejects. */
export async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: AnswerOptions,
): Promise<void> {
  const { pages, target, host, onError } = options;
  if (!isTrustedHost(request.headers.host, host))
    return send(response, plainText(UNTRUSTED_HOST, 403), undefined);
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return send(response, plainText("Only GET and HEAD are answered here.\n", 405), undefined);
  }
  const url = parse(request.url ?? "");
  if (url === undefined) return send(response, plainText("The address cannot be read.\n", 400), undefined);
  const format = chooseFormat(request.headers.accept, url.searchParams.get("format"));
  const rendered = { format, pages, url };
  // People type the address alone.
  const path = url.pathname === "/" ? "/debug" : url.pathname;
  const routed = routePage(pages, path);
  if (routed === undefined) return send(response, notFound(path, pages), rendered);
  try {
    const { page, segment } = routed;
    const query = new URLSearchParams(url.searchParams);
    query.delete("format");
    return send(response, await ask(page, target, { segment, query }), rendered);
  } catch (error) {
    onError(error, url.pathname);
    const text = "This page failed; that is a bug of Sluice. Its log says more.\n";
    if (!response.headersSent) return send(response, plainText(text, 500), undefined);
    response.destroy();
  }
}

function ask(page: Page, process: ProcessTarget, request: PageRequest): Answer | Promise<Answer> {
  if (page.of === "process") return page.answer(process, request);
  const target = selectGateway(process, request.query);
  return isAnswer(target) ? target : page.answer(target, request);
}

const UNTRUSTED_HOST =
  "This Host header is not trusted: ask by IP address, as localhost, or under the host of --debug-address.\n";

function parse(target: string): URL | undefined {
  // A target that starts with two slashes would name a host; paths of ours never do.
  return URL.parse(`http://debug.invalid${target.startsWith("/") ? target : "/"}`) ?? undefined;
}

interface Rendered {
  readonly format: Format;
  readonly pages: readonly Page[];
  readonly url: URL;
}

/** Writes an answer. The body of an answer to HEAD is left out by Node. */
function send(response: ServerResponse, answer: Answer, rendered: Rendered | undefined): void {
  const { contentType, text } = bodyOf(answer, rendered);
  response.writeHead(answer.status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    vary: "Accept",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  });
  response.end(text);
}

/** The one place where data becomes JSON or HTML. */
function bodyOf(
  answer: Answer,
  rendered: Rendered | undefined,
): { readonly contentType: string; readonly text: string } {
  if (answer.kind === "text") return answer;
  if (rendered?.format !== "html") {
    return {
      contentType: "application/json; charset=utf-8",
      text: `${JSON.stringify(answer.data, undefined, 2)}\n`,
    };
  }
  const { pages, url } = rendered;
  const query = new URLSearchParams(url.searchParams);
  query.set("format", "json");
  const gateway = url.searchParams.get(GATEWAY);
  const to = (path: string): string =>
    gateway === null || path === "/debug" ? path : carryAddress(path, GATEWAY, gateway);
  const layout = {
    navigation: pages.flatMap(({ path, navigation }) =>
      navigation === undefined ? [] : [{ to: to(path), text: navigation }],
    ),
    path: url.pathname,
    jsonPath: `${url.pathname}?${query}`,
  };
  const shown = answer.document();
  const document = gateway === null ? shown : carry(shown, GATEWAY, gateway);
  return { contentType: "text/html; charset=utf-8", text: renderHtml(document, layout) };
}

function notFound(path: string, pages: readonly Page[]): Answer {
  return fault(404, `There is no page ${path}.`, { pages: pages.map((page) => page.path) });
}
