import type { Diagnostic, Ingress, ObjectRef, Service } from "@sluice/model";
import { displayName } from "@sluice/model";
import { fromDiagnostic } from "./from-diagnostics.ts";
import type { Surroundings } from "./judge-keys.ts";
import type { Note } from "./report.ts";
import { hostWord, isReadAsPattern, patternDifference } from "./rules/routing.ts";
import { hostsOf, isTrue, looksLikePattern, makesPatterns, names, type Place, placesOf } from "./site.ts";
import { refOf, sourceText } from "./source.ts";

/** Looks a Service up, if it was given. */
export type FindService = (ref: Omit<ObjectRef, "kind">) => Service | undefined;

/** What differs about an Ingress without an annotation of its own that says so. */
export function ingressNotes(
  ingress: Ingress,
  around: Surroundings,
  findService: FindService,
  diagnostics: readonly Diagnostic[],
): readonly Note[] {
  const own =
    around.dialect === "higress"
      ? [deadPatterns]
      : [siblings, strings, slashes, spokenByPort, spokenByOthers];
  return [
    ...own.flatMap((note) => note(ingress, around, findService)),
    ...diagnostics.flatMap((diagnostic): readonly Note[] => {
      const judgement = fromDiagnostic(diagnostic, "");
      const { outcome, text = diagnostic.message, lost } = judgement ?? {};
      return outcome === undefined ? [] : [{ topic: diagnostic.code, outcome, text, ...(lost && { lost }) }];
    }),
  ];
}

type NoteMaker = (ingress: Ingress, around: Surroundings, findService: FindService) => readonly Note[];

/** Paths that ingress-nginx reads as patterns on account of another Ingress of the host. */
const siblings: NoteMaker = (ingress, { site, dialect }) => {
  if (makesPatterns(ingress)) return [];
  const places = placesOf(ingress, dialect).filter(
    (place) =>
      site.patternMakers(place.host).some((maker) => maker !== ingress) &&
      !isReadAsPattern(place) &&
      patternDifference(place) !== undefined,
  );
  const [first] = places;
  if (first === undefined) return [];
  const makers = site.patternMakers(first.host).filter((maker) => maker !== ingress);
  return [
    {
      topic: "paths-as-patterns",
      outcome: "differs",
      text: `ingress-nginx reads the paths of ${hostWord(first.host)} as patterns, on account of ${names(makers)}: ${listed(places)}. Here they are plain paths.`,
      fix: { set: { "use-regex": "true" } },
    },
  ];
};

function listed(places: readonly Place[], max = 3): string {
  const shown = places
    .slice(0, max)
    .map((place) => `${place.path.path || "/"} (${place.path.pathType}): ${patternDifference(place)}`);
  const more = places.length > max ? [`and ${places.length - max} more`] : [];
  return [...shown, ...more].join("; ");
}

/** Whether ingress-nginx reads the paths of the host as patterns. */
function isPatternHost(host: string, { site }: Surroundings): boolean {
  return site.patternMakers(host).length > 0;
}

/** `ImplementationSpecific` is a prefix of text on ingress-nginx, and one of whole path elements here. */
const strings: NoteMaker = (ingress, around) => {
  const found = placesOf(ingress, around.dialect).filter(
    ({ host, path: { path, pathType } }) =>
      pathType === "ImplementationSpecific" &&
      !["", "/"].includes(path) &&
      !path.endsWith("/") &&
      !isPatternHost(host, around),
  );
  const [first] = found;
  if (first === undefined) return [];
  const { path } = first.path;
  return [
    {
      topic: "path-as-text",
      outcome: "differs",
      text: `ImplementationSpecific is a prefix of text on ingress-nginx: ${path} takes ${path}more too; here it takes ${path} and ${path}/more, as Prefix does${found.length > 1 ? `; and ${found.length - 1} more paths` : ""}.`,
    },
  ];
};

/** nginx answers the path without its last slash by itself. */
const slashes: NoteMaker = (ingress, around) => {
  const found = placesOf(ingress, around.dialect).filter(
    ({ host, path: { path } }) => path.length > 1 && path.endsWith("/") && !isPatternHost(host, around),
  );
  const [first] = found;
  if (first === undefined) return [];
  const { path, pathType } = first.path;
  const bare = path.slice(0, -1);
  const here =
    pathType === "Exact" ? `here ${path} takes nothing but itself` : `here ${path} takes ${bare} too`;
  return [
    {
      topic: "path-with-slash",
      outcome: "differs",
      text: `On ingress-nginx ${path} does not take ${bare}, which is answered with 301 to ${path} unless ${bare} is a path of its own; ${here}${found.length > 1 ? ` (and ${found.length - 1} more paths)` : ""}.`,
    },
  ];
};

/** HTTP/2 to a backend because of its port, which ingress-nginx does not look at. */
const spokenByPort: NoteMaker = (ingress, { dialect }, findService) => {
  if (sourceText(ingress, dialect, "backend-protocol") !== "") return [];
  if (sourceText(ingress, dialect, "proxy-ssl-secret") !== "") return [];
  const { namespace } = ingress.metadata;
  for (const { path } of placesOf(ingress, dialect)) {
    const { service } = path.backend;
    if (service === undefined) continue;
    const port = findService({ namespace, name: service.name })?.spec.ports.find((each) =>
      "number" in service.port ? each.port === service.port.number : each.name === service.port.name,
    );
    if (port === undefined || !speaksHttp2(port.name, port.appProtocol)) continue;
    return [
      {
        topic: "protocol-by-port",
        outcome: "differs",
        text: `The port ${port.name ?? port.port} of the Service ${service.name} says HTTP/2 by its name or appProtocol, which is spoken here; ingress-nginx speaks HTTP/1.1 without backend-protocol.`,
        fix: { set: { "backend-protocol": "HTTP" } },
      },
    ];
  }
  return [];
};

/** What ingress-nginx does on the paths of one Ingress, and this gateway on the Service, whoever uses it. */
const OF_SERVICE = ["backend-protocol", "proxy-ssl-secret", "proxy-ssl-verify"];

/** How other Ingresses of a Service have it spoken to, which here holds for this one as well. */
const spokenByOthers: NoteMaker = (ingress, { site, dialect }) => {
  const found = new Map<string, string>();
  for (const { path } of placesOf(ingress, dialect)) {
    const { service } = path.backend;
    if (service === undefined) continue;
    const others = site
      .usersOf(ingress.metadata.namespace, service.name)
      .filter(
        (other) => other.ingress !== ingress && isSamePort(other.path.backend.service?.port, service.port),
      );
    for (const key of OF_SERVICE) {
      if (found.has(key) || sourceText(ingress, dialect, key) !== "") continue;
      const other = others.find(
        (each) => !["", "HTTP", "off"].includes(sourceText(each.ingress, dialect, key)),
      );
      if (other === undefined) continue;
      found.set(
        key,
        `${displayName(refOf(other.ingress))} says ${key}: ${sourceText(other.ingress, dialect, key)} for the Service ${service.name}`,
      );
    }
  }
  if (found.size === 0) return [];
  return [
    {
      topic: "service-shared",
      outcome: "differs",
      text: `${[...found.values()].join("; ")}, which this Ingress uses too. Here that holds for the Service, so for this Ingress as well; ingress-nginx keeps it to the Ingress that says so.`,
    },
  ];
};

type ServicePort = { readonly number: number } | { readonly name: string };

/** Ports by name and by number may be one and the same. */
function isSamePort(a: ServicePort | undefined, b: ServicePort): boolean {
  if (a === undefined) return false;
  if ("number" in a && "number" in b) return a.number === b.number;
  if ("name" in a && "name" in b) return a.name === b.name;
  return true;
}

function speaksHttp2(name = "", appProtocol = ""): boolean {
  return /^(?:grpc|http2)(?:-|$)/.test(name) || /^(?:grpc|http2|kubernetes\.io\/h2c)$/.test(appProtocol);
}

/** Higress puts every prefix before every pattern. */
const deadPatterns: NoteMaker = (ingress, { site, dialect }) => {
  if (!isPattern(ingress, dialect)) return [];
  for (const host of hostsOf(ingress))
    for (const { path: pattern } of site.places(host).filter((place) => place.ingress === ingress)) {
      const over = site
        .places(host)
        .find(
          ({ ingress: other, path: { path, pathType } }) =>
            !isPattern(other, dialect) &&
            pathType !== "Exact" &&
            pattern.path.length > path.length &&
            pattern.path.startsWith(path),
        );
      if (over !== undefined)
        return [
          {
            topic: "pattern-under-prefix",
            outcome: "differs",
            text: `Higress tries every prefix before every pattern, so ${over.path.path} of ${displayName(refOf(over.ingress))} takes what ${pattern.path} would; here the longer path comes first.`,
          },
        ];
    }
  return [];
};

function isPattern(ingress: Ingress, dialect: Surroundings["dialect"]): boolean {
  const text = (key: string): string => sourceText(ingress, dialect, key);
  return (
    isTrue(text("use-regex")) || isTrue(text("full-path-regex")) || looksLikePattern(text("rewrite-target"))
  );
}
