import type { Diagnostic, ResourceRef, VirtualHost as VirtualHostModel } from "@sluice/model";
import { checkConstraints, encode, TYPE_URLS, type VirtualHost } from "@sluice/protos";
import { type Built, makeResource } from "./built.ts";
import { buildRoute } from "./route.ts";
import { MISDIRECTED_ROUTE } from "./route-configuration.ts";
import { HTTP_TABLE, HTTPS_TABLE, type RouteTable } from "./route-table.ts";
import type { XdsContext } from "./xds-context.ts";

/**
 * One host in one table. Its name is `TABLE/HOST`, inside the message as well, since Envoy removes virtual hosts by
 * that name. It depends on its table and on the clusters, with their endpoints, that its routes refer to.
 *
 * Routes that break a rule of Envoy's API are replaced or left out (see `buildRoute`). Throws if the host itself
 * cannot be a domain, which translation has to see to.
 */
export function virtualHost(table: RouteTable, model: VirtualHostModel, context: XdsContext): Built {
  const name = `${table.name}/${model.host}`;
  if (table.misdirected) return misdirectedHost(name, table, model);
  const place = { table, host: model.host, context };
  const built = model.routes.map((route) => buildRoute(route, place));
  const message: VirtualHost = {
    name,
    domains: [model.host],
    routes: built.flatMap(({ routes }) => routes),
  };
  for (const feature of context.features.active)
    feature.virtualHost?.(message, model.policies?.[feature.id], { https: table.https });
  assertShell(message);
  const clusters = new Set(built.flatMap(({ clusters }) => clusters));
  return {
    resource: makeResource({
      typeUrl: TYPE_URLS.VIRTUAL_HOST,
      name,
      bytes: encode(TYPE_URLS.VIRTUAL_HOST, message),
      origins: [...model.origins, ...model.routes.flatMap(({ origins }) => origins)],
      dependsOn: [{ typeUrl: TYPE_URLS.ROUTE_CONFIGURATION, name: table.name }, ...clusterRefs(clusters)],
      // A host that has a certificate is in the table of its chain besides; the others have little traffic over https.
      background: table.name === HTTPS_TABLE.name,
      shared: table.name === HTTP_TABLE.name,
    }),
    diagnostics: onceEach(built.flatMap(({ diagnostics }) => diagnostics)),
  };
}

/** RFC 9110, section 15.5.20: the client is to ask again on a connection for this host. */
function misdirectedHost(name: string, table: RouteTable, { host, origins }: VirtualHostModel): Built {
  const message: VirtualHost = { name, domains: [host], routes: [MISDIRECTED_ROUTE] };
  return {
    resource: makeResource({
      typeUrl: TYPE_URLS.VIRTUAL_HOST,
      name,
      bytes: encode(TYPE_URLS.VIRTUAL_HOST, message),
      origins,
      dependsOn: [{ typeUrl: TYPE_URLS.ROUTE_CONFIGURATION, name: table.name }],
      // Not before the chain that serves it.
      background: table.name === HTTPS_TABLE.name,
    }),
    diagnostics: [],
  };
}

/** A route's policies come from few objects, and each would be reported for each of its routes. */
function onceEach(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  if (diagnostics.length < 2) return diagnostics;
  return [...new Map(diagnostics.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic])).values()];
}

function assertShell(message: VirtualHost): void {
  const { routes: _checked, ...shell } = message;
  const [violation] = checkConstraints(TYPE_URLS.VIRTUAL_HOST, shell);
  if (violation !== undefined) throw new Error(`${message.name}: ${violation.path} ${violation.message}`);
}

function clusterRefs(names: ReadonlySet<string>): readonly ResourceRef[] {
  return [...names].flatMap((name) => [
    { typeUrl: TYPE_URLS.CLUSTER, name },
    { typeUrl: TYPE_URLS.CLUSTER_LOAD_ASSIGNMENT, name },
  ]);
}
