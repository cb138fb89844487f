import { displayName } from "@sluice/model";
import type { MigrationReport } from "./report.ts";

/** The report as JSON for scripts. The fields are stable; new ones may come. */
export function migrationJson(report: MigrationReport): unknown {
  const { ingresses, controller, skipped, ...rest } = report;
  return {
    version: 1,
    ...rest,
    ingresses: ingresses.map(({ ingress, ...other }) => ({ ingress: displayName(ingress), ...other })),
    ...(controller !== undefined && {
      controller: {
        configMap: displayName(controller.configMap),
        settings: controller.settings,
        others: controller.others.map(displayName),
      },
    }),
    skipped: skipped.map(({ ingress, className }) => ({ ingress: displayName(ingress), className })),
  };
}
