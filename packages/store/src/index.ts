export { type Cell, cell } from "./cell.ts";
export { createGraph, type DeriveOptions, type Graph, type OnError } from "./graph.ts";
export {
  type CountedKeys,
  type KeySet,
  type KeysListener,
  keySet,
  type LiveKeys,
  liveKeys,
} from "./live-keys.ts";
export { defineIndex, type Index, type IndexDefinition } from "./object-index.ts";
export { layerSources, type SourceLayer } from "./source-layers.ts";
export type { Sources } from "./sources.ts";
export {
  type AppliedListener,
  createStore,
  equalApartFromLocation,
  type Store,
  type StoreChange,
  type StoreReader,
} from "./store.ts";
export { type WatchedCells, watchedCells } from "./watched-cells.ts";
