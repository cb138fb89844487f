import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import protobuf from "protobufjs";

const require = createRequire(import.meta.url);

/** The folder of the npm package that carries Envoy's protos. */
export const PROTO_PACKAGE = findPackage("@grpc/grpc-js-xds");

const OWN = join(import.meta.dirname, "..", "own");
const ROOTS = ["envoy-api", "googleapis", "protoc-gen-validate", "xds"].map((dir) =>
  join(PROTO_PACKAGE, "deps", dir),
);

/** Files that only declare options. protobufjs keeps options by name without their declaration. */
const ONLY_OPTIONS =
  /^(validate|udpa\/annotations|xds\/annotations|envoy\/annotations|contrib\/envoy\/annotations)\/|^google\/protobuf\/descriptor|^google\/api\/(annotations|http)\.proto/;

/**
 * Parses the entry files and all they import. Field names stay as written. Throws on a missing file and on a
 * type that does not resolve.
 */
export function loadProtos(entries: readonly string[]): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => (ONLY_OPTIONS.test(target) ? null : (locate(target) ?? target));
  root.loadSync([...entries], { keepCase: true });
  return root;
}

/** Where a proto file is, or `undefined` for those that protobufjs carries itself (`google/protobuf/…`). */
export function locate(file: string): string | undefined {
  return [...ROOTS, OWN].map((dir) => join(dir, file)).find((path) => existsSync(path));
}

function findPackage(name: string): string {
  // The package exports no package.json, so walk up from its entry point.
  let dir = dirname(require.resolve(name));
  while (!existsSync(join(dir, "package.json"))) dir = dirname(dir);
  return dir;
}
