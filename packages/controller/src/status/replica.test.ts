import { expect, test } from "vitest";
import { thisReplica } from "./replica.ts";

test("a replica goes by its Pod, or by the process, and its report is owned by a Pod of its own namespace alone", () => {
  const env = { POD_NAME: "sluice-1", POD_UID: "u" };
  const pod = { name: "sluice-1", uid: "u" };
  expect(thisReplica({ namespace: undefined }, env)).toMatchObject({ name: "sluice-1", pod });
  expect(thisReplica({ namespace: "elsewhere" }, env)).toEqual({ name: "sluice-1", namespace: "elsewhere" });
  expect(thisReplica({ namespace: undefined }, { POD_NAME: "sluice-1" })).not.toHaveProperty("pod");
  expect(thisReplica({ namespace: undefined }, {}).name.endsWith(`-${process.pid}`)).toBe(true);
});
