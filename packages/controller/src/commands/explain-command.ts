import { type ExplainRequest, type Explanation, explain, renderExplanation } from "@sluice/explain";
import { Command, InvalidArgumentError, Option } from "commander";
import { OperatorError } from "../operator-error.ts";
import { styleFor } from "../terminal/colour.ts";
import { createProgress } from "../terminal/progress.ts";
import { askServer } from "./ask-server.ts";
import { chosenGateway, type GatewayFlag, gatewayOption } from "./gateway-option.ts";
import { addSettingOptions, type SettingFlags, settingsOf, TRANSLATION_SETTINGS } from "./setting-options.ts";
import { translateInput } from "./translate-input.ts";

type Header = readonly [name: string, value: string];

interface ExplainFlags extends SettingFlags, GatewayFlag {
  readonly server?: string;
  readonly header?: readonly Header[];
  readonly sni?: string;
  readonly format: "text" | "json";
}

const HELP = `
From files, or from a running gateway by its debug address. Answers by the gateway's own model: nothing is sent.

Examples:
  sluice explain examples/quickstart GET http://shop.example/cart
  sluice explain -H 'Cookie: canary=always' manifests GET https://shop.example/
  sluice explain --server http://127.0.0.1:15080 --gateway test POST https://shop.example/orders`;

/** `sluice explain`: which rule takes a request, why the others do not, and where it goes. */
export function explainCommand(): Command {
  const command = new Command("explain")
    .description(
      "explain what becomes of a request: the rule that takes it, why others lose, cluster and endpoints",
    )
    .usage("[options] DIR... METHOD URL\n       sluice explain [options] --server URL METHOD URL")
    .argument("<ARGUMENTS...>", "DIR... METHOD URL, where DIR is a folder, a file, or - for standard input")
    .option("--server <URL>", "ask a running gateway at its debug address in place of files")
    .addOption(gatewayOption("which gateway, where there are several"))
    .option("-H, --header <HEADER>", "a request header, 'Name: value'; may be repeated", header)
    .option("--sni <NAME>", "the name in the TLS handshake (default: the host)")
    .addOption(
      new Option("--format <FORMAT>", "how to print the answer").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", HELP);
  return addSettingOptions(command, TRANSLATION_SETTINGS).action(
    async (words: string[], flags: ExplainFlags) => {
      const explanation = await explanationOf(words, flags);
      process.stdout.write(
        flags.format === "json"
          ? `${JSON.stringify(explanation, null, 2)}\n`
          : renderExplanation(explanation, styleFor(process.stdout)),
      );
    },
  );
}

async function explanationOf(words: readonly string[], flags: ExplainFlags): Promise<Explanation> {
  const { server, sni, header: headers = [] } = flags;
  const paths = words.slice(0, -2);
  const [method, url] = words.slice(-2);
  if (method === undefined || url === undefined || (server === undefined) === (paths.length === 0))
    throw new OperatorError("usage", "explain takes DIR... METHOD URL, or --server URL METHOD URL.", {
      hint: "For example: sluice explain manifests GET http://shop.example/cart",
    });
  const request: ExplainRequest = { method, url, headers, ...(sni === undefined ? {} : { sni }) };
  if (server !== undefined) return askServer(server, request, flags.gateway);
  const { gateways } = await translateInput(paths, settingsOf(flags), createProgress());
  return explain(request, chosenGateway(gateways, flags.gateway).view);
}

function header(text: string, before: readonly Header[] = []): readonly Header[] {
  const colon = text.indexOf(":", 1);
  if (colon === -1) throw new InvalidArgumentError("It takes 'Name: value'.");
  return [...before, [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]];
}
