import { beforeAll, expect, test } from "vitest";
import { findEnvoy } from "./find-envoy.ts";
import { validateConfig } from "./validate-config.ts";
import { type StaticResource, validateResources } from "./validate-resources.ts";

let envoy: string;
beforeAll(async () => {
  envoy = (await findEnvoy()).path;
}, 120_000);

const cluster = (name: string, extra = {}): StaticResource => ({
  kind: "cluster",
  body: {
    name,
    type: "EDS",
    eds_cluster_config: { eds_config: { ads: {}, resource_api_version: "V3" } },
    ...extra,
  },
});

const host = (name: string, regex: string): StaticResource => ({
  kind: "virtualHost",
  body: {
    name,
    domains: [name],
    routes: [{ match: { safe_regex: { regex } }, route: { cluster: "elsewhere" } }],
  },
});

const good: StaticResource[] = [
  cluster("a"),
  cluster("b"),
  host("a.example", "/a.*"),
  { kind: "routeConfiguration", body: { name: "r", virtual_hosts: [] } },
  {
    kind: "loadAssignment",
    body: {
      cluster_name: "a",
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: "10.0.0.1", port_value: 80 } } } },
          ],
        },
      ],
    },
  },
  { kind: "secret", body: { name: "s", generic_secret: { secret: { inline_string: "x" } } } },
  {
    kind: "listener",
    body: {
      name: "l",
      address: { socket_address: { address: "127.0.0.1", port_value: 1 } },
      filter_chains: [{}],
    },
  },
];

test("one of each kind is accepted", async () => {
  expect(await validateResources(envoy, good)).toEqual([]);
});

test("the refused ones are found among the good ones, with Envoy's words", async () => {
  const badRegex = host("bad.example", "/a(");
  const badCluster = cluster("bad", { lb_policy: "CLUSTER_PROVIDED", connect_timeout: "-1s" });
  const refused = await validateResources(envoy, [
    ...good.slice(0, 3),
    badRegex,
    ...good.slice(3),
    badCluster,
  ]);
  expect(refused.map(({ resource }) => resource)).toEqual([badRegex, badCluster]);
  expect(refused[0]?.message).toContain("missing ): /a(");
  expect(refused[1]?.message).toContain("Expected positive duration");
});

test("a pattern is as large as a gateway takes, which is more than Envoy's own limit", async () => {
  expect(await validateResources(envoy, [host("large.example", "/\\pL{500}")])).toEqual([]);
  const [refused] = await validateResources(envoy, [host("huge.example", `/${"\\pL{1000}".repeat(9)}`)]);
  expect(refused?.message).toContain("max program size of 32768");
});

test("two that clash are both named", async () => {
  expect(await validateResources(envoy, [cluster("same"), cluster("same")])).toHaveLength(2);
});

test("a refusal quotes Envoy without our temporary file", async () => {
  const { ok, message } = await validateConfig(envoy, { no_such_field: 1 });
  expect(ok).toBe(false);
  expect(message).toContain("no_such_field");
  expect(message).not.toContain("config.json");
});

test("a binary that cannot be run is not a refusal", async () => {
  await expect(validateConfig("/no/such/envoy", {})).rejects.toThrow("ENOENT");
});
