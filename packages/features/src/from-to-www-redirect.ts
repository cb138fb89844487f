import { bool, defineFeature } from "@sluice/feature-api";

const WWW = "www.";

/** One of two names that differ by `www.` leads to the other. */
export const fromToWwwRedirect = defineFeature({
  id: "from-to-www-redirect",
  title: "Redirect from or to www",
  scope: "domain",
  onInvalid: "ignore",
  keys: {
    "from-to-www-redirect": bool({
      doc: "For a rule's host H, requests for www.H are answered with 308 to H, and for a host www.H those for H with 308 to www.H; path, query and scheme are kept, the port is not, whatever `use-port-in-redirects` says. Off if the other is a host of its own. The certificate is that of `spec.tls` for the other name, or else that of the rule's host. Not for wildcards.",
      example: "true",
      default: "false",
      nginx: "A slash at the end of the path is kept.",
    }),
  },
  parse: (values): true | undefined => (values["from-to-www-redirect"] ? true : undefined),
  otherHosts: (_, host) => {
    const other = host.startsWith(WWW) ? host.slice(WWW.length) : `${WWW}${host}`;
    // What stands for many names has no single other one.
    return host.includes("*") || other === "" || other.length > MAX_HOST
      ? []
      : [{ host: other, answer: { kind: "redirect", status: 308, host } }];
  },
});

/** RFC 1035, section 2.3.4, as text. */
const MAX_HOST = 253;
