import { expect, test } from "vitest";
import type { KubeObject } from "./src/objects.ts";
import { compareVerbs, grantedVerbs, verbsOf } from "./verbs.ts";

const user = { username: "system:serviceaccount:default:sluice" };
const request = (verb: string, objectRef: object | undefined, code = 200) => ({
  ...{ verb, requestURI: "/healthz?verbose", user, responseStatus: { code } },
  ...(objectRef && { objectRef }),
});
const role = (...rules: readonly object[]): KubeObject => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  metadata: { name: "r" },
  ...{ rules },
});

const used = verbsOf([
  request("get", { apiGroup: "apps", resource: "deployments", name: "a" }),
  request("get", { apiGroup: "apps", resource: "deployments", name: "b" }),
  request("update", { resource: "services", subresource: "status", name: "s" }),
  request("create", { resource: "events" }),
  request("get", undefined),
  request("delete", { resource: "nodes", name: "n" }, 403),
]);

test("what is used is told by group, resource, subresource, verb and name, without what was forbidden", () => {
  expect(Object.fromEntries([...used].map(([key, names]) => [key, [...names]]))).toEqual({
    "apps/deployments get": ["a", "b"],
    "/services/status update": ["s"],
    "/events create": ["*"],
    "/healthz get": ["*"],
  });
});

test("a grant that nobody uses, and a use beyond the names of a grant, are found", () => {
  const granted = grantedVerbs([
    { ...role(), kind: "Deployment" },
    role(
      { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["a"], verbs: ["get", "list"] },
      { apiGroups: [""], resources: ["services/status"], resourceNames: ["s"], verbs: ["update"] },
      { apiGroups: [""], resources: ["events"], resourceNames: ["x"], verbs: ["create"] },
      { nonResourceURLs: ["/healthz"], verbs: ["get"] },
    ),
  ]);
  expect(compareVerbs(used, granted)).toEqual({
    unused: ["apps/deployments list"],
    ungranted: ["apps/deployments get"],
  });
});
