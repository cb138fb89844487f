/**
 * The name of a route's metadata that keep its requests out of the access log, whatever they hold. The log asks for them by
 * itself, so that it is turned off by routes alone, and no listener has to be replaced.
 */
export const ROUTE_LOG = "sluice.access-log";
