import type { Page } from "../page.ts";

/** All metrics in Prometheus' text format. */
export const metrics: Page = {
  of: "process",
  path: "/metrics",
  doc: "Metrics for Prometheus.",
  query: [],
  answer: async ({ metrics: { contentType, text } }) => ({
    kind: "text",
    status: 200,
    contentType,
    text: await text(),
  }),
};
