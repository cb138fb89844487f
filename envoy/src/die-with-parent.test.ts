import { execa } from "execa";
import { expect, test } from "vitest";

const MODULE = JSON.stringify(new URL("die-with-parent.ts", import.meta.url).href);

test("where there is no setpriv a command runs all the same", async () => {
  const program = `
    import { dieWithParent } from ${MODULE};
    console.log(JSON.stringify(dieWithParent("envoy", ["--version"])));`;
  const { stdout } = await execa(process.execPath, ["--input-type=module", "--eval", program], {
    env: { PATH: "/nowhere" },
  });
  expect(JSON.parse(stdout)).toEqual(["envoy", "--version"]);
});
