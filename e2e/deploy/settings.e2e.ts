import { flagOf, SETTINGS, type SettingName } from "@sluice/controller";
import { beforeAll, expect, test } from "vitest";
import { completeChart, objectsOf, render } from "./chart.ts";
import { argsOf, deploymentOf } from "./rendered.ts";
import { VALUE_SETS } from "./value-sets.ts";

beforeAll(completeChart);

/** What the control plane is started with. */
async function serveArgs(values: object): Promise<readonly string[]> {
  return argsOf(deploymentOf(objectsOf(await render({ ...values }))), "controller");
}

const SETTING_OF_FLAG = new Map<string, (typeof SETTINGS)[SettingName]>(
  // The keys of a constant are its setting names.
  Object.keys(SETTINGS).map((name) => [`--${flagOf(name)}`, SETTINGS[name as SettingName]]),
);

const SIDECAR = Object.entries(VALUE_SETS).filter(([, { topology }]) => topology !== "managed");

test.each(SIDECAR)("every flag is a setting, and takes its value: %s", async (_about, values) => {
  const [command, ...flags] = await serveArgs(values);
  expect(command).toBe("serve");
  for (const flag of flags) {
    const [name = "", value] = flag.split(/=(.*)/s);
    const setting = SETTING_OF_FLAG.get(name);
    expect(setting, name).toBeDefined();
    if (setting?.value === "") expect(value, flag).toBeUndefined();
    else expect(setting?.schema.safeParse(value).error, flag).toBeUndefined();
  }
});

test("every value under gateway reaches the control plane", async () => {
  const everything = VALUE_SETS["sidecar, all there is"]?.gateway ?? {};
  const args = await serveArgs({ gateway: everything });
  const wanted = Object.entries(everything).map(([name, value]) => `--${flagOf(name)}=${value}`);
  expect(args).toEqual(expect.arrayContaining(wanted));
  expect(wanted.length).toBeGreaterThan(5);
});
