import type { GatewaySettings } from "./gateway-settings.ts";

/**
 * Which Ingresses a gateway serves. Source: the reference of MseIngressConfig, `spec.ingress.local`, and IngressClass
 * `parameters`.
 */
export interface ListeningRules {
  /**
   * The class to serve, whether an IngressClass of that name exists or not. Absent: none but those that point here. `""`: every Ingress.
   * `nginx`: that class, and Ingresses without any class.
   */
  readonly ingressClass?: string;
  /** `spec.controller` of IngressClasses to serve whatever their name; those that point at a MseIngressConfig go by it alone. */
  readonly controller?: string;
  /** Name of the MseIngressConfig that this gateway stands for: IngressClasses whose `parameters` point at it are served in any case. */
  readonly config?: string;
  /** Only Ingresses of this namespace. Absent: of all. */
  readonly namespace?: string;
}

/** One gateway of a process: its nodes share a world. */
export interface GatewayDefinition {
  /** Unique in the process; nodes name it as their cluster. */
  readonly name: string;
  readonly listens: ListeningRules;
  readonly settings: GatewaySettings;
}
