export { requirementsOf } from "./active-features.ts";
export type { Built } from "./built.ts";
export { createXds, type Xds, type XdsOptions } from "./create-xds.ts";
export { chainTable, HTTP_TABLE, HTTPS_TABLE, type RouteTable } from "./route-table.ts";
