import { z } from "zod";

/** `status` of an Ingress or a Service, as far as addresses go; one that is of another form counts as none. */
export const LoadBalancerHolder = z
  .object({
    loadBalancer: z
      .object({
        ingress: z.array(z.object({ ip: z.string().optional(), hostname: z.string().optional() })).nullish(),
      })
      .nullish(),
  })
  .nullish()
  .catch(undefined);
