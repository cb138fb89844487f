import { defineFeature, keys, type Report, raw, rawType } from "@sluice/feature-api";

const MCP = "serving a Model Context Protocol server is a function of Higress' plugins";
const RPC = "calls to Dubbo by HTTP are a function of Higress' plugins";

/** Keys of Higress for what this gateway does not do: reported, so that nobody waits for their effect. */
export const outOfScope = defineFeature({
  id: "out-of-scope",
  title: "Higress keys out of scope",
  scope: "route",
  onInvalid: "ignore",
  keys: {
    "mcp-server": declare(MCP, "true"),
    "mcp-server-*": keys(rawType, info(MCP, "true")),
    "mcp-sse-stateful-param-name": declare(MCP, "sessionId"),
    "rpc-destination-name": declare(RPC, "user-service"),
    "http2rpc-name": declare(RPC, "user-service"),
  },
  parse: ({ "mcp-server-*": servers, ...plain }, { report }): undefined => {
    for (const name of Object.keys(plain)) tell(name, report);
    for (const part of servers?.keys() ?? []) tell(`mcp-server-${part}`, report);
  },
});

function declare(reason: string, example: string) {
  return raw(info(reason, example));
}

function info(reason: string, example: string) {
  return {
    doc: `No effect, reported: ${reason}, which this gateway does not have.`,
    example,
    default: "no effect",
    effect: "none" as const,
    higress: `No effect here: ${reason}.`,
  };
}

function tell(name: string, report: Report): void {
  report.note(name, {
    code: "annotation-no-effect",
    message: `${name} has no effect: this gateway does not have that function of Higress. The Ingress is served without it.`,
    hint: "Remove the annotation, or keep this Ingress on Higress.",
  });
}
