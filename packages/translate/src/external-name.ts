import type { NameLookup } from "@sluice/dns";
import type { Service, ServiceTarget } from "@sluice/model";
import { type OutsideEndpoints, outsideEndpoints } from "./outside-host.ts";
import { servicePort } from "./service-port.ts";

/**
 * The port of an external Service: that of its list, by name or number. The list is no more than a comment in this
 * type of Service, so a number that it does not have is taken as it stands, as ingress-nginx does; a `targetPort` that
 * is a name belongs to a container, and there is none.
 */
export function externalPort(service: Service, target: ServiceTarget): number | undefined {
  const listed = servicePort(service, target);
  if (listed !== undefined) return typeof listed.targetPort === "number" ? listed.targetPort : listed.port;
  return target.port !== "first" && "number" in target.port ? target.port.number : undefined;
}

/** The addresses that a Service's external name stands for at the moment; see {@link outsideEndpoints}. */
export function externalEndpoints(
  service: Service,
  port: number,
  dns: NameLookup | undefined,
): OutsideEndpoints {
  const subject = {
    who: `the Service ${service.metadata.namespace}/${service.metadata.name}`,
    loss: "its routes answer 503",
    key: "spec.externalName",
    refused: "service-external-name",
    unresolved: "service-name-unresolved",
  } as const;
  return outsideEndpoints(service.spec.externalName ?? "", port, subject, dns);
}
