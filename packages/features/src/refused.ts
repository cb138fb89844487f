import { defineFeature, type KeyInfo, type Report, raw } from "@sluice/feature-api";
import { protectionsIn } from "./support/nginx-protections.ts";

const SERVED =
  "Refused: the Ingress is served without it, with a warning. One that holds deny, allow, auth_*, limit_*, return 403 or return 444 is named as a possible protection that is missing now.";

const KEYS = {
  "configuration-snippet": raw(snippet("more_set_headers 'x-a: b';")),
  "server-snippet": raw(snippet("return 200 ok;")),
  "stream-snippet": raw(snippet("server { listen 8000; }")),
  "auth-snippet": raw(snippet("proxy_set_header x-a b;")),
  "fastcgi-index": raw(fastcgi("index.php")),
  "fastcgi-params-configmap": raw(fastcgi("fastcgi-params")),
};

/** Keys that inject NGINX configuration, which another server cannot follow: refused, and the Ingress is served without them. */
export const refused = defineFeature({
  id: "refused",
  title: "Refused",
  scope: "route",
  onInvalid: "ignore",
  keys: KEYS,
  parse: (values, { report }): undefined => {
    for (const [name, text] of Object.entries(values))
      if (name.endsWith("-snippet")) refuseSnippet(name, text, report);
      else
        report.note(name, {
          code: "annotation-refused",
          message: `${name} is refused: FastCGI is not spoken here. The Ingress is served without it.`,
          hint: "Put a web server that speaks FastCGI in front of the backend.",
        });
  },
});

function snippet(example: string): KeyInfo {
  return {
    doc: `NGINX configuration. ${SERVED}`,
    example,
    // Nothing of it may be shown, as a value that is too long would be.
    maxLength: Number.POSITIVE_INFINITY,
    default: "none",
    effect: "refused",
    nginx: "Refused: nothing of it has an effect. What it protects is not protected here.",
  };
}

function fastcgi(example: string): KeyInfo {
  return {
    doc: "For FastCGI backends. Refused: the Ingress is served without it, with a warning.",
    example,
    default: "none",
    effect: "refused",
    nginx: "Refused: FastCGI is not spoken here.",
  };
}

/** So much of a snippet is looked through, in UTF-16 code units: all that Kubernetes lets the annotations of one object have together. */
const MAX_READ = 262_144;

/** Says nothing of a snippet but the names of directives: it may hold a password. */
function refuseSnippet(name: string, text: string, report: Report): void {
  const unread = text.length > MAX_READ ? [`what is behind its first ${MAX_READ} characters`] : [];
  const protections = [...protectionsIn(text.slice(0, MAX_READ)), ...unread];
  if (protections.length === 0) {
    report.note(name, {
      code: "annotation-refused",
      message: `${name} is refused: it holds configuration for NGINX. The Ingress is served without it.`,
      value: "a snippet",
      hint: "See the annotation reference for annotations that do the same.",
    });
    return;
  }
  const found = protections.join(", ");
  report.note(name, {
    code: "annotation-refused",
    message: `${name} is refused, and the Ingress is served without it: what it holds (${found}) may be someone's protection, which is not there now.`,
    value: found,
    hint: "Protect the Ingress by annotations for IP access, authentication or throttling, or take it away from this gateway.",
  });
}
