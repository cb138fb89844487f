import { bad, defineFeature, hostName, key, ok, type ValueType } from "@sluice/feature-api";

interface Aliases {
  readonly hosts: readonly string[];
  /** Items that are no hosts, as written. */
  readonly faults: readonly string[];
  /** The first host beyond {@link MAX_ALIASES}. */
  readonly surplus?: string;
}

/** Each alias is a virtual host of its own in every route table. */
const MAX_ALIASES = 100;

const EXPECTED = "hosts, as a.example.com or *.example.com, separated by commas (no regular expressions)";

/** A list of hosts. It is bad if none of its items is one. */
const aliasesType: ValueType<Aliases> = {
  expected: EXPECTED,
  schema: { type: "string" },
  parse: (text) => {
    const hosts = new Set<string>();
    const faults: string[] = [];
    for (const item of text.split(",").map((part) => part.trim())) {
      if (item === "") continue;
      const host = hostName(item);
      if (host === undefined) faults.push(item);
      else hosts.add(host);
    }
    const [kept, surplus] = [[...hosts].slice(0, MAX_ALIASES), [...hosts][MAX_ALIASES]];
    if (kept.length === 0) return bad(EXPECTED);
    return ok({ hosts: kept, faults, ...(surplus === undefined ? {} : { surplus }) });
  },
};

/** A long value of nothing but bad items is one mistake. */
const MAX_REPORTS = 10;

/** Other names of a host. */
export const serverAlias = defineFeature({
  id: "server-alias",
  title: "Other names of a host",
  scope: "domain",
  onInvalid: "ignore",
  keys: {
    "server-alias": key(aliasesType, {
      doc: "Hosts that are served as the hosts of this Ingress are, with their certificate, routes and policies: exact, or `*.` and a name for one label. Comma-separated; a bad item is dropped. A host that any Ingress has rules for is no alias. If several Ingresses of a host have it the oldest decides; of an Ingress with several hosts, an alias is as the first is. At most 100 hosts.",
      example: "shop.example.org, *.shop.example.com",
      default: "none",
      nginx: "Regular expressions (~...) are refused.",
    }),
  },
  parse: (values, { report }): Aliases | undefined => {
    const aliases = values["server-alias"];
    for (const fault of aliases?.faults.slice(0, MAX_REPORTS) ?? [])
      report.bad("server-alias", EXPECTED, fault);
    if (aliases?.surplus !== undefined)
      report.bad(
        "server-alias",
        `at most ${MAX_ALIASES} hosts; those after them are ignored`,
        aliases.surplus,
      );
    return aliases;
  },
  // Rules without a host take whatever has no host of its own.
  otherHosts: ({ hosts }, of) => (of === "*" ? [] : hosts.map((host) => ({ host }))),
});
