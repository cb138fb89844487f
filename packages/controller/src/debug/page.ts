import type { NodeView } from "@sluice/ads";
import type { Diagnostic } from "@sluice/model";
import type { Gateway } from "../gateway/gateway.ts";
import type { ServedGateway } from "../gateway/gateways.ts";
import { type Document, paragraph } from "./view/document.ts";

/** What pages about the whole process read. They change nothing. */
export type ProcessTarget = Pick<
  Gateway,
  "store" | "gateways" | "ads" | "metrics" | "kubernetes" | "status" | "xdsTls"
> &
  Partial<Pick<Gateway, "definitions">>;

/** What pages about one gateway read. They change nothing. */
export interface DebugTarget
  extends Omit<ProcessTarget, "ads">,
    Pick<ServedGateway, "name" | "controlPlane" | "view"> {
  /** The streams of its nodes. */
  nodes(): readonly NodeView[];
  /** What there is to say of it, and of what no gateway has. */
  diagnostics(): readonly Diagnostic[];
}

/** One entry of the routing table: a page about a gateway, or about the process. */
export type Page = PageEntry &
  (
    | {
        readonly of?: "gateway";
        answer(target: DebugTarget, request: PageRequest): Answer | Promise<Answer>;
      }
    | {
        readonly of: "process";
        answer(target: ProcessTarget, request: PageRequest): Answer | Promise<Answer>;
      }
  );

interface PageEntry {
  /** A last segment `{…}` stands for any one segment. */
  readonly path: string;
  /** Its word in the navigation; absent: not in it. */
  readonly navigation?: string;
  /** One sentence for the list of pages: which question it answers. */
  readonly doc: string;
  /** The names of its parameters in the query. */
  readonly query: readonly string[];
}

export interface PageRequest {
  /** What stands for `{…}` in the path, decoded; empty if the path has none. */
  readonly segment: string;
  readonly query: URLSearchParams;
}

/** Data with a document that shows it, made only if it is asked for; or plain text for machines. */
export type Answer =
  | {
      readonly kind: "data";
      readonly status: number;
      readonly data: unknown;
      readonly document: () => Document;
    }
  | {
      readonly kind: "text";
      readonly status: number;
      readonly contentType: string;
      readonly text: string;
    };

/** An answer whose JSON is `data` and whose HTML is `document` of it. */
export function shown<T>(data: T, document: (data: T) => Document, status = 200): Answer {
  return { kind: "data", status, data, document: () => document(data) };
}

export function plainText(text: string, status = 200): Answer {
  return { kind: "text", status, contentType: "text/plain; charset=utf-8", text };
}

/** The answer to a request that cannot be met: 400 or 404 and a sentence. `more` goes into the JSON beside it. */
export function fault(
  status: 400 | 404,
  error: string,
  more: Readonly<Record<string, unknown>> = {},
): Answer {
  return shown(
    { error, ...more },
    () => ({ title: status === 404 ? "Not found" : "Bad request", blocks: [paragraph(error)] }),
    status,
  );
}
