import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "@sluice/envoy";
import { ClusterError } from "./cluster-error.ts";

/** The programs that the test cluster is made of. */
export const CLUSTER_TOOLS = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"] as const;
export type ClusterToolName = (typeof CLUSTER_TOOLS)[number];

/** All programs that are built: those of the cluster, Helm, which renders the chart and installs it, and a controller that a test runs. */
export type ToolName = ClusterToolName | "helm" | "kruise-rollouts";

/** A Go program, built from a Go module of ours that pins all its versions. */
export interface Tool {
  readonly name: ToolName;
  readonly version: string;
  /** Folder of our Go module. */
  readonly module: string;
  readonly package: string;
  /** What `go build -ldflags` takes. */
  readonly linkerFlags: string;
  /** Folders of the package's module that go beside the program, since it reads them, or its users do. */
  readonly assets: readonly string[];
  /** Folder in the cache that holds the program alone, so that it can go into PATH. */
  readonly folder: string;
  /** The program itself. */
  readonly path: string;
}

const MODULES = join(import.meta.dirname, "..", "tools");

/** All tools, in the order in which they are built: the small ones first. Their versions are those of the go.mod files. */
export function allTools(env: NodeJS.ProcessEnv = process.env): readonly Tool[] {
  const tool = (
    name: ToolName,
    module: string,
    required: string,
    path: string,
    assets: readonly string[] = [],
  ): Tool => {
    const folder = join(MODULES, module);
    const version = requiredVersion(readFileSync(join(folder, "go.mod"), "utf8"), required);
    const target = join(cacheFolder(env), "tools", `${name}-${version}`);
    return {
      name,
      version,
      module: folder,
      package: path,
      linkerFlags: `-s -w${VERSION_FLAGS[module]?.(version) ?? ""}`,
      assets,
      folder: target,
      path: join(target, name),
    };
  };
  const kubernetes = (name: ToolName): Tool =>
    tool(name, "kubernetes", "k8s.io/kubernetes", `k8s.io/kubernetes/cmd/${name}`);
  return [
    tool("etcd", "etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3"),
    tool("helm", "helm", "helm.sh/helm/v4", "helm.sh/helm/v4/cmd/helm"),
    kubernetes("kube-apiserver"),
    kubernetes("kube-controller-manager"),
    kubernetes("kubectl"),
    tool("kruise-rollouts", "kruise-rollouts", KRUISE, KRUISE, ["config", "lua_configuration"]),
  ];
}

const KRUISE = "github.com/openkruise/rollouts";

/** Programs that learn their version from the linker only, by the folder of their module. */
const VERSION_FLAGS: Readonly<Record<string, (version: string) => string>> = {
  helm: (version) => ` -X helm.sh/helm/v4/internal/version.version=v${version}`,
  kubernetes: kubernetesFlags,
};

/** Without a version an API server calls itself v0.0.0 and clients balk. */
function kubernetesFlags(version: string): string {
  const [major, minor] = version.split(".");
  const set = (name: string, value = ""): string => ` -X k8s.io/component-base/version.${name}=${value}`;
  return set("gitVersion", `v${version}`) + set("gitMajor", major) + set("gitMinor", minor);
}

/** The version, without the v, at which the text of a go.mod file requires a module. Throws when it does not. */
export function requiredVersion(goMod: string, module: string): string {
  for (const line of goMod.split("\n")) {
    const [first, second, third] = line.trim().split(/\s+/);
    const [name, version] = first === "require" ? [second, third] : [first, second];
    if (name === module && version?.startsWith("v")) return version.slice(1);
  }
  throw new Error(`go.mod does not require ${module}`);
}

/** Whether a tool has been built. A folder in the cache is either absent or whole. */
export function isBuilt(tool: Tool): boolean {
  try {
    accessSync(tool.path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Paths of what the cluster is made of. Throws a {@link ClusterError} that says how to get it when something has not been built. */
export function requireTools(
  env: NodeJS.ProcessEnv = process.env,
): Readonly<Record<ClusterToolName, string>> {
  const tools = allTools(env).filter(({ name }) => CLUSTER_TOOLS.some((each) => each === name));
  const missing = tools.filter((tool) => !isBuilt(tool));
  if (missing.length > 0) throw notBuilt("The test cluster needs", missing);
  const path = (name: ClusterToolName): string => tools.find((tool) => tool.name === name)?.path ?? name;
  return {
    etcd: path("etcd"),
    "kube-apiserver": path("kube-apiserver"),
    "kube-controller-manager": path("kube-controller-manager"),
    kubectl: path("kubectl"),
  };
}

/** Path of Helm. Throws a {@link ClusterError} that says how to get it when it has not been built. */
export function requireHelm(env: NodeJS.ProcessEnv = process.env): string {
  const helm = allTools(env).filter(({ name }) => name === "helm");
  const [built] = helm.filter(isBuilt);
  if (built === undefined) throw notBuilt("Rendering the chart needs", helm);
  return built.path;
}

/** The controller of Kruise Rollouts, with its manifests in its folder. Throws a {@link ClusterError} likewise. */
export function requireKruise(env: NodeJS.ProcessEnv = process.env): Tool {
  const kruise = allTools(env).filter(({ name }) => name === "kruise-rollouts");
  const [built] = kruise.filter(isBuilt);
  if (built === undefined) throw notBuilt("The tests of Kruise Rollouts need", kruise);
  return built;
}

function notBuilt(who: string, missing: readonly Tool[]): ClusterError {
  return new ClusterError(
    "tool-missing",
    `${who} ${missing.map(({ name, version }) => `${name} ${version}`).join(", ")}, not built yet.`,
    "Run: make cluster-tools (it needs Go, takes about ten minutes, once, and says what to install when something is missing).",
  );
}
