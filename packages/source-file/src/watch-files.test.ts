import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { createStore, type Store } from "@sluice/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findings, type Sandbox, sandbox, services, serviceYaml, until } from "./testing.ts";
import { type FileSource, watchFiles } from "./watch-files.ts";

let box: Sandbox;
let store: Store;
let source: FileSource | undefined;
/** What the store has said about each change: the keys. */
let applied: string[];

beforeEach(() => {
  box = sandbox();
  store = createStore();
  applied = [];
  store.onApplied((_revision, keys) => applied.push(keys.join(" ").replaceAll("Service/default/", "")));
});

afterEach(() => {
  source?.close();
  box.remove();
});

async function start(...paths: string[]): Promise<void> {
  source = await watchFiles({ paths: paths.length > 0 ? paths : [box.folder], store });
}

/** Starts anew with a wait that no test outlasts, so that what counts counts without it. */
async function startPatient(): Promise<void> {
  source?.close();
  source = await watchFiles({ paths: [box.folder], store, settleMs: 60_000 });
}

describe("at the start", () => {
  it("reads folders with sub-folders in one change, then is synced", async () => {
    box.write("a.yaml", serviceYaml("a"));
    box.write("sub/deep/b.yml", serviceYaml("b"));
    box.write(
      "c.json",
      JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name: "c" }, spec: {} }),
    );
    box.write("notes.txt", "not read");
    box.write(".hidden.yaml", serviceYaml("hidden"));
    box.write(".git/d.yaml", serviceYaml("hidden"));
    await start();
    expect(services(store)).toBe("a=ClusterIP b=ClusterIP c=ClusterIP");
    expect(applied).toEqual(["a b c"]);
    expect(store.isSynced()).toBe(true);
    expect(store.get("Service", "default", "b")?.location).toEqual({
      file: box.path("sub/deep/b.yml"),
      line: 1,
      column: 1,
    });
  });

  it("waits with being synced for a path that is not there yet", async () => {
    await start(box.path("late/folder"));
    expect(store.isSynced()).toBe(false);
    expect(findings(store)).toBe("file-unreadable folder:1:1");
    box.write("late/folder/a.yaml", serviceYaml("a"));
    await until(store, services, "a=ClusterIP");
    await store.whenSynced();
    expect(findings(store)).toBe("");
  });

  it("names what cannot be read and reads the rest", async () => {
    box.write("a.yaml", serviceYaml("a"));
    symlinkSync("nowhere.yaml", box.path("dangling.yaml"));
    mkdirSync(box.path("folder.yaml"));
    symlinkSync("circle.yaml", box.path("circle.yaml"));
    symlinkSync("..", box.path("folder.yaml/up"));
    await start();
    expect(services(store)).toBe("a=ClusterIP");
    expect(findings(store)).toBe("file-unreadable circle.yaml:1:1, file-unreadable dangling.yaml:1:1");
  });
});

describe("a file", () => {
  beforeEach(async () => {
    box.write("a.yaml", serviceYaml("a"));
    await start();
    applied.length = 0;
  });

  it("that is created, changed and deleted is followed", async () => {
    box.write("b.yaml", serviceYaml("b"));
    await until(store, services, "a=ClusterIP b=ClusterIP");
    box.write("b.yaml", serviceYaml("b", "NodePort"));
    await until(store, services, "a=ClusterIP b=NodePort");
    unlinkSync(box.path("b.yaml"));
    await until(store, services, "a=ClusterIP");
    expect(applied).toEqual(["b", "b", "b"]);
  });

  it("that is replaced by a rename is followed", async () => {
    box.replace("a.yaml", serviceYaml("a", "NodePort"));
    await until(store, services, "a=NodePort");
    box.replace("a.yaml", serviceYaml("a", "LoadBalancer"));
    await until(store, services, "a=LoadBalancer");
    expect(applied).toEqual(["a", "a"]);
  });

  it("that is renamed changes nothing, nor is it reported as a duplicate", async () => {
    await startPatient();
    const reports: number[] = [];
    store.graph.effect(() => void reports.push(store.diagnostics().length));
    renameSync(box.path("a.yaml"), box.path("z.yaml"));
    box.write("sentinel.yaml", serviceYaml("b"));
    await until(store, services, "a=ClusterIP b=ClusterIP");
    await until(store, (one) => String(one.get("Service", "default", "a")?.metadata.name), "a");
    expect(applied).toEqual(["b"]);
    expect(reports).toEqual([0]);
  });

  it("that is removed and written anew, as some editors do, never loses its objects", async () => {
    await startPatient();
    unlinkSync(box.path("a.yaml"));
    box.write("b.yaml", serviceYaml("b"));
    await until(store, services, "a=ClusterIP b=ClusterIP");
    box.write("a.yaml", serviceYaml("a", "NodePort"));
    await until(store, services, "a=NodePort b=ClusterIP");
    expect(applied).toEqual(["b", "a"]);
  });

  it("that does not parse keeps its last good objects and says where", async () => {
    box.write("a.yaml", "apiVersion: v1\nkind: [Service\nmetadata: {name: a}\n");
    await until(store, findings, "file-syntax a.yaml:3:1");
    expect(services(store)).toBe("a=ClusterIP");
    box.write("a.yaml", serviceYaml("a", "NodePort"));
    await until(store, services, "a=NodePort");
    expect(findings(store)).toBe("");
    expect(applied).toEqual(["a"]);
  });

  it("that is half written keeps what it had until the rest has come", async () => {
    await startPatient();
    box.write("a.yaml", `${serviceYaml("a")}---\n${serviceYaml("b")}`);
    await until(store, services, "a=ClusterIP b=ClusterIP");
    const file = openSync(box.path("a.yaml"), "w");
    box.write("c.yaml", serviceYaml("c"));
    await until(store, services, "a=ClusterIP b=ClusterIP c=ClusterIP");
    writeSync(file, serviceYaml("a", "NodePort"));
    box.write("d.yaml", serviceYaml("d"));
    await until(store, services, "a=ClusterIP b=ClusterIP c=ClusterIP d=ClusterIP");
    writeSync(file, `---\n${serviceYaml("b", "NodePort")}`);
    closeSync(file);
    await until(store, services, "a=NodePort b=NodePort c=ClusterIP d=ClusterIP");
    expect(applied).toEqual(["b", "c", "d", "a b"]);
  });

  it("that is written line by line is taken whole, though every part of it parses", async () => {
    await startPatient();
    const file = openSync(box.path("a.yaml"), "w");
    let sentinel = 0;
    for (const line of serviceYaml("a", "NodePort").split(/^/m)) {
      box.write("s.yaml", serviceYaml("s", `Type${++sentinel}`));
      await until(store, services, `a=ClusterIP s=Type${sentinel}`);
      writeSync(file, line);
    }
    closeSync(file);
    await until(store, services, `a=NodePort s=Type${sentinel}`);
  });

  it("that is emptied and stays so loses its objects", async () => {
    box.write("a.yaml", "");
    await until(store, services, "");
    expect(applied).toEqual(["a"]);
  });

  it("that is named itself is read whatever its name, and followed", async () => {
    source?.close();
    box.write("manifests.txt", serviceYaml("t"));
    store = createStore();
    await start(box.path("manifests.txt"));
    expect(services(store)).toBe("t=ClusterIP");
    box.replace("manifests.txt", serviceYaml("t", "NodePort"));
    await until(store, services, "t=NodePort");
    unlinkSync(box.path("manifests.txt"));
    await until(store, services, "");
    expect(findings(store)).toBe("file-unreadable manifests.txt:1:1");
    box.write("manifests.txt", serviceYaml("t"));
    await until(store, services, "t=ClusterIP");
    expect(findings(store)).toBe("");
  });
});

describe("a folder", () => {
  it("that is made later, renamed and removed is followed", async () => {
    await start();
    box.write("sub/deep/a.yaml", serviceYaml("a"));
    await until(store, services, "a=ClusterIP");
    box.write("sub/deep/a.yaml", serviceYaml("a", "NodePort"));
    await until(store, services, "a=NodePort");
    renameSync(box.path("sub"), box.path("other"));
    box.write("other/deep/b.yaml", serviceYaml("b"));
    await until(store, services, "a=NodePort b=ClusterIP");
    rmSync(box.path("other"), { recursive: true });
    await until(store, services, "");
    box.write("other/deep/c.yaml", serviceYaml("c"));
    await until(store, services, "c=ClusterIP");
  });

  it("that was named and disappears keeps its objects, and is followed again when it is back", async () => {
    box.write("root/a.yaml", serviceYaml("a"));
    box.write("root/b.yaml", serviceYaml("b"));
    await start(box.path("root"));
    renameSync(box.path("root"), box.path("away"));
    await until(store, findings, "file-unreadable root:1:1");
    expect(services(store)).toBe("a=ClusterIP b=ClusterIP");
    box.write("next/a.yaml", serviceYaml("a", "NodePort"));
    renameSync(box.path("next"), box.path("root"));
    await until(store, services, "a=NodePort");
    expect(findings(store)).toBe("");
  });

  it("mounted as a ConfigMap changes all at once by its swapped link, without duplicates", async () => {
    box.mountConfigMap("2024_01", { "a.yaml": serviceYaml("a"), "b.yaml": serviceYaml("b") });
    await start();
    expect(services(store)).toBe("a=ClusterIP b=ClusterIP");
    expect(findings(store)).toBe("");
    applied.length = 0;
    for (const [version, type] of [
      ["2024_02", "NodePort"],
      ["2024_03", "LoadBalancer"],
    ] as const) {
      box.mountConfigMap(version, { "a.yaml": serviceYaml("a", type), "b.yaml": serviceYaml("b", type) });
      await until(store, services, `a=${type} b=${type}`);
    }
    expect(applied).toEqual(["a b", "a b"]);
    expect(findings(store)).toBe("");
  });

  it("with a link to a file elsewhere follows what is written there", async () => {
    box.write("elsewhere/real.yaml", serviceYaml("a"));
    mkdirSync(box.path("root"));
    symlinkSync("../elsewhere/real.yaml", box.path("root/a.yaml"));
    await start(box.path("root"));
    box.write("elsewhere/real.yaml", serviceYaml("a", "NodePort"));
    await until(store, services, "a=NodePort");
  });

  it("that holds a link to one above it, and comes while it is watched, is entered once", async () => {
    box.write("a.yaml", serviceYaml("a"));
    await start();
    symlinkSync(".", box.path("self"));
    mkdirSync(box.path(".sub"));
    symlinkSync("..", box.path(".sub/up"));
    box.write(".sub/b.yaml", serviceYaml("b"));
    renameSync(box.path(".sub"), box.path("sub"));
    await until(store, services, "a=ClusterIP b=ClusterIP");
    expect(findings(store)).toBe("");
  });

  it("with many files that is removed is a change or two", async () => {
    for (let n = 0; n < 50; n++) box.write(`sub/f${n}.yaml`, serviceYaml(`s${n}`));
    await start();
    applied.length = 0;
    rmSync(box.path("sub"), { recursive: true });
    await until(store, services, "");
    expect(applied.length).toBeLessThan(10);
  });

  it("in which many files change at once is one change", async () => {
    await start();
    for (let n = 0; n < 20; n++) box.write(`f${n}.yaml`, serviceYaml(`s${n}`));
    await until(store, (one) => String(one.list("Service").length), "20");
    expect(applied).toHaveLength(1);
  });
});

describe("an object defined twice", () => {
  it("is taken from the first file by name, and from the other when that one goes", async () => {
    box.write("b.yaml", serviceYaml("x", "NodePort"));
    box.write("a.yaml", serviceYaml("x"));
    await start();
    expect(services(store)).toBe("x=ClusterIP");
    expect(findings(store)).toBe("object-duplicate b.yaml:1:1");
    expect(store.diagnostics()[0]?.message).toContain(`${box.path("a.yaml")}:1 is in force`);
    unlinkSync(box.path("a.yaml"));
    await until(store, services, "x=NodePort");
    expect(findings(store)).toBe("");
  });
});

describe("close", () => {
  it("ends all watching", async () => {
    await start();
    source?.close();
    const other = createStore();
    const second = await watchFiles({ paths: [box.folder], store: other });
    box.write("a.yaml", serviceYaml("a"));
    await until(other, services, "a=ClusterIP");
    second.close();
    expect(services(store)).toBe("");
  });
});
