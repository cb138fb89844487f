export { AdsError, type AdsErrorCode } from "./ads-error.ts";
export { DEFAULT_LIMITS, type Limits } from "./collect.ts";
export type { Holder, Standing } from "./holder.ts";
export { cacheInline, type Inline } from "./inline.ts";
export type { Totals } from "./ledger.ts";
export type { ListenAddress, TlsAddress } from "./listen.ts";
export type { NodeExtension, NodeInfo } from "./node-info.ts";
export { NodeSession, type SessionOptions } from "./node-session.ts";
export type { Variant } from "./node-state.ts";
export type { Peer } from "./peer.ts";
export type { Block, Reason } from "./pending.ts";
export type { Request, Response } from "./protocol.ts";
export {
  type AddedService,
  type AdsServer,
  type Placement,
  type ServeOptions,
  type StreamChoice,
  serveAds,
} from "./serve.ts";
export { Subscription, type SubscriptionChange } from "./subscription.ts";
export type { RefusedHandshake, TlsIdentity, TlsSource } from "./tls-listener.ts";
export type { NodeView, RefusedView, TypeView, WaitingView } from "./views.ts";
export type { WaitOptions } from "./waiters.ts";
export { type Quarantined, type Refusal, type Verdict, World, type WorldEvents } from "./world.ts";
