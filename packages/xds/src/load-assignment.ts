import { isIP } from "node:net";
import type {
  Diagnostic,
  LoadAssignmentEndpoint,
  LoadAssignment as LoadAssignmentModel,
} from "@sluice/model";
import { type ClusterLoadAssignment, encode, type LbEndpoint, TYPE_URLS } from "@sluice/protos";
import { type Built, makeResource } from "./built.ts";

/**
 * The endpoints of a cluster, in the order given, in one locality: the gateway does not prefer a zone. An endpoint that
 * is not an IP address and a port is left out and reported, since Envoy would refuse all of them.
 */
export function loadAssignment(model: LoadAssignmentModel): Built {
  const usable = model.endpoints.filter(isUsable);
  const message: ClusterLoadAssignment = {
    clusterName: model.cluster,
    ...(usable.length > 0 && { endpoints: [{ lbEndpoints: usable.map(lbEndpoint) }] }),
  };
  return {
    resource: makeResource({
      typeUrl: TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT,
      name: model.cluster,
      bytes: encode(TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, message),
      origins: model.origins,
    }),
    diagnostics: model.endpoints
      .filter((endpoint) => !isUsable(endpoint))
      .map((endpoint) => unusable(model, endpoint)),
  };
}

function isUsable({ address, port }: LoadAssignmentEndpoint): boolean {
  return isIP(address) !== 0 && Number.isInteger(port) && port > 0 && port < 0x1_0000;
}

function lbEndpoint({ address, port, health }: LoadAssignmentEndpoint): LbEndpoint {
  return {
    endpoint: { address: { socketAddress: { address, portValue: port } } },
    // Healthy is what Envoy takes for granted.
    ...(health === "draining" && { healthStatus: "DRAINING" }),
  };
}

function unusable(model: LoadAssignmentModel, { address, port }: LoadAssignmentEndpoint): Diagnostic {
  const [origin] = model.origins;
  return {
    code: "endpoint-invalid",
    severity: "warning",
    ...(origin && { origin }),
    message: `An endpoint of ${model.cluster} cannot be used and is left out.`,
    value: `${address} port ${port}`,
    expected: "an IP address and a port from 1 to 65535",
  };
}
