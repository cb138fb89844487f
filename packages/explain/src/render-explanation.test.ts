import { expect, test } from "vitest";
import { explain } from "./explain.ts";
import { renderExplanation } from "./render-explanation.ts";
import type { Style } from "./style.ts";
import { exact, get, header, loadAssignment, prefix, route, view, virtualHost } from "./testing.ts";

const gateway = view(
  [
    virtualHost(
      "shop.com",
      [
        route("shop/web/0/0/canary/next", prefix("/cart"), { conditions: [header("x-canary", "always")] }),
        route("shop/web/0/0/canary/next/weight", prefix("/cart"), { below: 100_000 }),
        route("shop/web/0/0", prefix("/cart"), { policies: { timeouts: { connect: 5 } } }),
        route("shop/web/0/1", exact("/login")),
      ],
      "shop/tls",
    ),
    virtualHost("*", [route("shop/any/default", prefix("/"))]),
  ],
  {
    loadAssignment: (name) => loadAssignment(name, "10.0.0.1", "10.0.0.2 draining"),
    annotations: (object, feature) =>
      feature === "timeouts"
        ? [{ object, key: "nginx.ingress.kubernetes.io/proxy-connect-timeout", value: "5" }]
        : [],
  },
);

test("reads from the answer to the reasons", () => {
  expect(renderExplanation(explain(get("https://shop.com/cart//x?y", [["x_y", "1"]]), gateway))).toBe(
    `GET https://shop.com/cart//x?y
  host        shop.com  (exact)
  certificate shop/tls
  path        /cart/x  (sent as /cart//x)
  dropped     header x_y: headers with underscores are not let in

→ 10 %  forward to shop/next/80
    route     shop/web/0/0/canary/next/weight
    matches   prefix /cart, random number below 10 %
    from      Ingress shop/next, spec.rules[0].http.paths[0]
    cluster   shop/next/80  (Service shop/next, port 80)
              10.0.0.1:8080  healthy
              10.0.0.2:8080  draining

→ 90 %  forward to shop/web/80
    route     shop/web/0/0
    matches   prefix /cart
    from      Ingress shop/web, spec.rules[0].http.paths[0]
    cluster   shop/web/80  (Service shop/web, port 80)
              10.0.0.1:8080  healthy
              10.0.0.2:8080  draining
    policy    timeouts  {"connect":5}
              nginx.ingress.kubernetes.io/proxy-connect-timeout: "5" on Ingress shop/web

Why not the others
  shop/web/0/0/canary/next  (prefix /cart, header x-canary must be "always")
      header x-canary is absent, must be "always"
  shop/any/default  (prefix /)
      a rule without a host is less specific than shop.com, and once a host is chosen no other is tried
  shop/web/0/1  (exact /login)
      path /login is not /cart/x
`,
  );
});

test("a refusal is one line", () => {
  expect(renderExplanation(explain(get("http://shop.com/#a"), gateway))).toBe(
    `GET http://shop.com/#a

  400  refused: a path with # is refused; browsers and curl keep the fragment to themselves
`,
  );
});

test("an unknown host", () => {
  expect(renderExplanation(explain(get("http://x.com/"), view([])))).toBe(
    `GET http://x.com/
  host        x.com, which no rule names
  path        /

→ 404 from the gateway: no rule is for the host x.com
`,
  );
});

test("style is applied, and text of users cannot bring its own", () => {
  const mark = (name: string) => (text: string) => `<${name}>${text}</${name}>`;
  const style: Style = {
    bold: mark("b"),
    dim: (text) => text,
    good: mark("g"),
    bad: mark("r"),
    warn: mark("y"),
  };
  const rendered = renderExplanation(explain(get("http://shop.com/\u001b[31m"), gateway), style);
  expect(rendered).toContain("<r>400</r>");
  expect(rendered).toContain("\\x1b[31m");
  expect(rendered).not.toContain("\u001b");
});
