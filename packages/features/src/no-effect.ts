import { defineFeature, type Key, type ParseContext, raw } from "@sluice/feature-api";

/** Why there is nothing to do, by key. */
const REASONS = {
  "proxy-buffering":
    "answers are passed on as they come, and a slow client slows its own backend connection down only",
  "proxy-buffers-number": "answers are not buffered as NGINX does it",
  "proxy-buffer-size":
    "answers are not buffered as NGINX does it, and the limit on an answer's headers is fixed",
  "proxy-busy-buffers-size": "answers are not buffered as NGINX does it",
  "proxy-max-temp-file-size": "answers are never written to disk",
  "proxy-http-version": "HTTP/1.1 is spoken with backends, or HTTP/2 where the backend protocol says so",
  "connection-proxy-header": "connections to backends are kept and upgraded as HTTP wants it",
  "client-body-buffer-size": "requests are passed on as they come and never written to disk",
  "enable-rewrite-log":
    "rewrites are not logged one by one; the access log has the path, and `sluice explain` the rewrite",
  "http2-push-preload": "nothing is pushed; browsers have given HTTP/2 push up",
  "ssl-prefer-server-ciphers": "the gateway's order of ciphers always counts",
  "auth-keepalive": "connections to the authentication service are always kept",
  "auth-keepalive-requests": "connections to the authentication service are always kept",
  "auth-keepalive-timeout": "connections to the authentication service are always kept",
  "auth-keepalive-share-vars": "there are no NGINX variables to share",
} as const;

type Name = keyof typeof REASONS;

const EXAMPLES: Readonly<Record<Name, string>> = {
  "proxy-buffering": "on",
  "proxy-buffers-number": "8",
  "proxy-buffer-size": "16k",
  "proxy-busy-buffers-size": "16k",
  "proxy-max-temp-file-size": "1024m",
  "proxy-http-version": "1.1",
  "connection-proxy-header": "keep-alive",
  "client-body-buffer-size": "1m",
  "enable-rewrite-log": "true",
  "http2-push-preload": "true",
  "ssl-prefer-server-ciphers": "true",
  "auth-keepalive": "16",
  "auth-keepalive-requests": "1000",
  "auth-keepalive-timeout": "60",
  "auth-keepalive-share-vars": "true",
};

// The literal above lists its own names and no others.
const NAMES = Object.keys(REASONS) as readonly Name[];

// One key for each name.
const KEYS = Object.fromEntries(NAMES.map((name) => [name, declare(name)])) as Record<Name, Key<string>>;

function declare(name: Name): Key<string> {
  return raw({
    doc: `Accepted without effect, whatever the value: ${REASONS[name]}.`,
    example: EXAMPLES[name],
    default: "no effect",
    effect: "none",
    nginx: `No effect here: ${REASONS[name]}.`,
  });
}

/** Settings of NGINX that have nothing to do on Envoy: said once for each key, as information. */
export const noEffect = defineFeature({
  id: "no-effect",
  title: "Accepted without effect",
  scope: "route",
  onInvalid: "ignore",
  keys: KEYS,
  parse: (values, { report }: ParseContext): undefined => {
    for (const name of NAMES.filter((each) => values[each] !== undefined))
      report.note(name, {
        code: "annotation-no-effect",
        severity: "info",
        message: `${name} has no effect, and there is nothing to do: ${REASONS[name]}.`,
      });
  },
});
