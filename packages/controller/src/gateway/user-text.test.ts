import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Key } from "@sluice/feature-api";
import { features } from "@sluice/features";
import type { KubeObject } from "@sluice/model";
import { type Json, toJson } from "@sluice/protos";
import { endpoint, ingress, service, slice } from "@sluice/translate/testing";
import { expect, test } from "vitest";
import { planeOf } from "../testing/plane-of.ts";

/*
 * What a user writes is never a program: no format of Envoy's, no part of a Lua script, no `RegExp`. The keys come from the
 * declarations, so that a new family is tried without a change here.
 */

/** A command of Envoy's formats. */
const COMMAND = "%REQ(tell-tale)%";

/** The command where parsers of different kinds let text pass. */
function shapes({ example }: Pick<Key<never>, "example">): readonly string[] {
  const [name, ...rest] = example.split(" ");
  return [
    COMMAND,
    `x-tell ${COMMAND}`,
    `/${COMMAND}`,
    `https://tell.test/${COMMAND}`,
    `${example}${COMMAND}`,
    ...(rest.length > 0 ? [`${name} ${COMMAND}`] : []),
  ];
}

/** An Ingress for each key and shape, beside the examples of the key's family. */
function ingresses(): readonly KubeObject[] {
  return features.flatMap(({ id, keys }) =>
    Object.entries(keys).flatMap(([name, key]) =>
      shapes(key).map((value, index) => {
        const examples = Object.entries(keys).flatMap(([other, { each, example }]) =>
          each || other === name ? [] : [[other, example]],
        );
        const unique = `${id}-${name.replace("*", "each")}-${index}`.toLowerCase();
        return ingress(unique, {
          annotations: { ...Object.fromEntries(examples), [name.replace("*", "x-a")]: value },
          rules: [[`${unique}.test`, [{}]]],
        });
      }),
    ),
  );
}

/** Every message that the objects become, as JSON. */
function messages(objects: readonly KubeObject[]): readonly Json[] {
  return planeOf(objects)
    .plane.renderings()
    .flatMap(({ resources }) => [...resources.values()])
    .map(({ typeUrl, bytes }) => toJson(typeUrl, bytes));
}

/** All texts in a message, each with the names of the fields that lead to it. */
function texts(json: Json, path = ""): readonly (readonly [path: string, text: string])[] {
  if (typeof json === "string") return [[path, json]];
  if (Array.isArray(json)) return json.flatMap((item: Json) => texts(item, path));
  if (typeof json !== "object" || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => texts(value, `${path}.${name}`));
}

test("no annotation becomes a format of Envoy's or a part of a script", () => {
  const found = messages([service("web"), slice("web-1", "web", [endpoint("10.0.0.1")]), ...ingresses()])
    .flatMap((message) => texts(message))
    .filter(([, text]) => text.includes("tell-tale"));
  const formats = found.filter(([path]) => /ToAdd\.header\.value$|[fF]ormat/.test(path));
  // The percent signs of a literal are doubled there.
  expect(formats.filter(([, text]) => text.replaceAll("%%", "").includes("%"))).toEqual([]);
  expect(found.filter(([path]) => /sourceCode|inlineCode|inlineString$/.test(path) && !isBody(path))).toEqual(
    [],
  );
  expect(formats.length).toBeGreaterThan(5);
  expect(found.length).toBeGreaterThan(formats.length);
});

/** The body of an answer is literal. */
function isBody(path: string): boolean {
  return path.endsWith(".directResponse.body.inlineString");
}

test("RegExp is given constants alone", () => {
  const root = join(import.meta.dirname, "../../../..");
  const sources = globSync("packages/*/src/**/*.ts", { cwd: root }).filter(
    (file) => !/\.test\.ts$|\/testing(\/|\.ts)/.test(file),
  );
  expect(sources.length).toBeGreaterThan(500);
  const users = sources.filter((file) => /\bRegExp\(/.test(readFileSync(join(root, file), "utf8")));
  // These put a pattern together out of constants of their own file.
  expect(users.sort()).toEqual([
    "packages/feature-api/src/url-text.ts",
    "packages/features/src/support/cors-origin.ts",
  ]);
});
