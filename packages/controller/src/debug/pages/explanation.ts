import type {
  ActionOutcome,
  BackendOutcome,
  Explanation,
  GatewayView,
  MirrorOutcome,
  Outcome,
  PolicyInForce,
} from "@sluice/explain";
import type { Origin } from "@sluice/model";
import { TYPE_URLS } from "@sluice/protos";
import { objectLink, originLink, resourceLink } from "../links.ts";
import {
  type Block,
  badge,
  code,
  count,
  dim,
  fields,
  heading,
  type Inline,
  lines,
  paragraph,
  type Tone,
  table,
} from "../view/document.ts";

/** An explanation for people: the answer first, then what led to it, then who lost. */
export function explanationBlocks(explanation: Explanation, view: GatewayView): Block[] {
  const { refused, outcomes, competitors, notes } = explanation;
  return [
    requestFields(explanation),
    ...(refused === undefined
      ? outcomes.flatMap((outcome) => outcomeBlocks(outcome, explanation, view))
      : [
          paragraph(
            badge(`${refused.status}`, "bad"),
            ` Refused before any route is looked at: ${refused.reason}`,
          ),
        ]),
    ...notes.map((note) => paragraph(badge("note", "warn"), " ", note)),
    ...(competitors.length === 0
      ? []
      : [
          heading("Why not the others"),
          table(
            ["Route", "Demands", "Why it lost"],
            competitors.map(({ route, count: number, match, reason }) => [
              [code(route), number === 1 ? undefined : dim(` and ${count(number - 1, "other")}`)],
              match,
              reason,
            ]),
          ),
        ]),
  ];
}

function requestFields({ asked, request, host }: Explanation): Block {
  return fields([
    ["Request", code(`${asked.method} ${asked.url}`)],
    [
      "Host",
      host === undefined
        ? request && dim(`no rule names ${request.host}`)
        : [host.name, dim(` (${host.reason})`)],
    ],
    ["Certificate", request?.scheme === "https" ? (host?.certificate ?? "the default one") : undefined],
    ["Path", request && code(request.path)],
    [
      "Dropped",
      request && request.dropped.length > 0
        ? lines(request.dropped.map(({ name, reason }) => [code(name), ` ${reason}`]))
        : undefined,
    ],
  ]);
}

function outcomeBlocks(outcome: Outcome, { host }: Explanation, view: GatewayView): Block[] {
  const { percent, route, match, origins, action, policies } = outcome;
  const found = originsOf(host?.name, route, view);
  return [
    heading(percent === 100 ? "What happens" : `What happens to ${percent} % of such requests`),
    fields([
      ["Answer", actionWords(action)],
      ["Route", route === undefined ? undefined : code(route)],
      ["Demands", match],
      ["Comes from", lines(found.length > 0 ? found.map(originLink) : origins)],
      ...backendsOf(action).map(backendField),
      ...(action.kind === "forward" && action.mirror ? [mirrorField(action.mirror)] : []),
      ...policies.map(policyField),
      ...(action.kind === "forward" ? action.backends.flatMap((one) => one.policies.map(policyField)) : []),
    ]),
  ];
}

/** The explanation has origins in words; the model has them to link to. */
function originsOf(
  host: string | undefined,
  route: string | undefined,
  view: GatewayView,
): readonly Origin[] {
  if (host === undefined || route === undefined) return [];
  return view.virtualHost(host)?.routes.find(({ name }) => name === route)?.origins ?? [];
}

function backendsOf(action: ActionOutcome): readonly BackendOutcome[] {
  if (action.kind === "forward") return action.backends;
  return action.kind === "passthrough" && action.backend !== undefined ? [action.backend] : [];
}

function mirrorField({ percent, host, backend }: MirrorOutcome): [string, Inline] {
  return [
    "Copies",
    lines([
      [resourceLink({ typeUrl: TYPE_URLS.CLUSTER, name: backend.cluster }), ` ${percent} %`],
      [dim(`with host ${host ?? "of the request and -shadow"}`)],
      ...(backend.fault === undefined ? [] : [[badge("none", "warn"), ` ${backend.fault}`]]),
    ]),
  ];
}

function actionWords(action: ActionOutcome): Inline {
  switch (action.kind) {
    case "forward":
      return [badge("forward", "good"), ` to ${action.backends.map(({ target }) => target).join(", ")}`];
    case "passthrough":
      return action.backend === undefined
        ? [badge("closed", "bad"), ` ${action.reason}`]
        : [badge("TLS passed on", "good"), ` to ${action.backend.target}`];
    case "redirect":
      return lines([
        [badge(`${action.status}`, "warn"), " redirect to ", code(action.location)],
        ...(action.overHttps === undefined
          ? []
          : [dim(`because of plain HTTP; over HTTPS: ${action.overHttps}`)]),
      ]);
    case "respond":
      return [
        badge(`${action.status}`, action.status >= 400 ? "bad" : "good"),
        ` from the gateway: ${action.reason}`,
      ];
  }
}

const HEALTH_TONES: Readonly<Record<"healthy" | "draining", Tone>> = { healthy: "good", draining: "warn" };

function backendField({ cluster, percent, protocol, endpoints, fault }: BackendOutcome): [string, Inline] {
  return [
    "Cluster",
    lines([
      [
        resourceLink({ typeUrl: TYPE_URLS.CLUSTER, name: cluster }),
        percent === 100 ? undefined : ` ${percent} %`,
        protocol === "http2" ? dim(" HTTP/2") : undefined,
      ],
      ...(fault === undefined ? [] : [[badge("503", "bad"), ` ${fault}`]]),
      ...endpoints.map(({ address, health, zone }) => [
        code(address),
        " ",
        badge(health, HEALTH_TONES[health]),
        zone === undefined ? undefined : dim(` zone ${zone}`),
      ]),
    ]),
  ];
}

function policyField({ feature, value, annotations }: PolicyInForce): [string, Inline] {
  return [
    feature,
    lines([
      code(JSON.stringify(value)),
      ...annotations.map(({ object, key, value: text }) => [
        dim("by "),
        code(`${key}: ${text}`),
        dim(" on "),
        objectLink(object),
      ]),
    ]),
  ];
}
