/** What an Envoy in a cell is told. */
export interface CellOptions {
  /** Its gateway. */
  readonly cluster: string;
  /** For sockets. */
  readonly folder: string;
  readonly xdsAddress: string;
  readonly backendPort: number;
}

/** Free in any cell: nobody else is there. */
export const CELL_HTTP_PORT = 8080;
