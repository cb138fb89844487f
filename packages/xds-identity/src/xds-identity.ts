import type { Clock, KubeApi } from "@sluice/kubernetes-api";
import { systemClock } from "@sluice/kubernetes-api";
import { createAlarm } from "./alarm.ts";
import { type Authority, advance, nextStep } from "./authority.ts";
import { type AuthorityLog, createAuthorityStore } from "./authority-store.ts";
import { certificatesOf, isSignedBy, readCertificate } from "./bundle.ts";
import { issueClientCertificate, issueServerCertificate, type KeyPair } from "./issue.ts";
import { checkLifetimes, DEFAULT_LIFETIMES, type Lifetimes, renewalTime } from "./lifetimes.ts";
import { gatewayUri } from "./names.ts";

export interface XdsIdentityOptions {
  readonly api: KubeApi;
  /** Where the Secret of the authority is: the controller's own. */
  readonly namespace: string;
  /** DNS names of the server, by which Envoys know it. */
  readonly dnsNames: readonly string[];
  /** Whether this replica is the one that rotates the authority. Asked when a step is due. */
  readonly isLeader: () => boolean;
  readonly lifetimes?: Lifetimes;
  readonly clock?: Clock;
  /** From 0 to 1; default `Math.random`. */
  readonly random?: () => number;
  readonly log?: AuthorityLog;
}

/** What a server shows and trusts, all in PEM. */
export interface ServerIdentity extends KeyPair {
  /** Certificates of the trusted authorities, one each. */
  readonly authorities: readonly string[];
}

/** For the Secret of a gateway's Envoys: `tls.crt`, `tls.key` and `ca.crt`. All in PEM. */
export interface GatewayCertificate extends KeyPair {
  readonly bundle: string;
  /** Milliseconds since the epoch. */
  readonly renewAt: number;
}

/** What a Secret of a gateway has already. */
export interface StoredCertificate {
  readonly certificate: string;
  readonly bundle: string;
}

/** Certificates for xDS over mutual TLS, of an authority that all replicas share. */
export interface XdsIdentity {
  /** Resolves when there is an authority. Rejects only when closed before. */
  readonly ready: Promise<void>;
  /** What this replica's server shows and trusts; renewed in time, and when the authority has changed. */
  readonly server: {
    /** `undefined` until ready. */
    current(): ServerIdentity | undefined;
    /** Returns what ends it. */
    onChange(listener: () => void): () => void;
  };
  /** A new certificate for the Envoys of a gateway. Waits until ready. */
  issueGatewayCertificate(name: string): Promise<GatewayCertificate>;
  /**
   * When a gateway's stored certificate is to be issued anew, milliseconds since the epoch; in the past (0) when it should be
   * at once: nothing usable is stored, it is of another gateway, or the trusted authorities have changed. Look again after
   * {@link onChange}. Until ready nothing is due: `Infinity`.
   */
  gatewayCertificateDue(name: string, stored: StoredCertificate | undefined): number;
  /** Calls the listener when the authority has changed. Returns what ends it. */
  onChange(listener: () => void): () => void;
  /** What is wrong with the authority's Secret, or on the way to it, at present; in words for operators. */
  trouble(): string | undefined;
  /** Ends following; certificates stay as they are. */
  close(): Promise<void>;
}

/**
 * Finds or makes the authority in the Secret, follows it, and issues from it. The leader moves it on when a step of a
 * rotation is due. While the API server is away all goes on with the authority that is known. Throws a RangeError for
 * lifetimes that do not go together.
 */
export function startXdsIdentity(options: XdsIdentityOptions): XdsIdentity {
  const { clock = systemClock, lifetimes = DEFAULT_LIFETIMES, isLeader } = options;
  checkLifetimes(lifetimes);
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  // Whoever cares awaits it.
  ready.catch(() => {});
  const end = new AbortController();
  const [authorityListeners, serverListeners] = [new Set<() => void>(), new Set<() => void>()];
  let authority: Authority | undefined;
  let server: ServerIdentity | undefined;
  const validity = () => ({ now: clock.now(), lifetimes });

  const renewServer = async (): Promise<void> => {
    if (authority === undefined) return;
    const of = authority;
    const pair = await issueServerCertificate(of.signer, options.dnsNames, validity());
    // Another change came meanwhile, and renews by itself.
    if (of !== authority || end.signal.aborted) return;
    server = { ...pair, authorities: certificatesOf(of.bundle) };
    // At the end of an authority a new certificate would be due at once, again and again.
    const soonest = clock.now() + lifetimes.leafMs / 10;
    renewal.setAt(Math.max(soonest, renewalOf(pair.certificate, lifetimes)));
    for (const listener of serverListeners) listener();
  };
  const renewal = createAlarm(clock, end.signal, renewServer);
  const store = createAuthorityStore({ ...options, clock, lifetimes, signal: end.signal }, async (found) => {
    authority = found;
    await renewServer();
    resolve();
    rotation.setAt(nextStep(found, lifetimes).at);
    for (const listener of authorityListeners) listener();
  });
  const rotation = createAlarm(clock, end.signal, async () => {
    const from = authority;
    if (from === undefined) return;
    // Who is no leader looks again later: the leader may be gone by then, and this one in its place.
    rotation.setAt(clock.now() + Math.min(LOOK_AGAIN_MS, lifetimes.leafMs / 10));
    if (!isLeader()) return;
    const next = await advance(from, validity());
    if (next !== undefined) await store.replace(from, next);
  });
  const running = store.run();
  return {
    ready,
    server: { current: () => server, onChange: (listener) => subscribe(serverListeners, listener) },
    async issueGatewayCertificate(name) {
      await ready;
      // Ready means that there is one.
      const { signer, bundle } = authority as Authority;
      const pair = await issueClientCertificate(signer, name, validity());
      return { ...pair, bundle, renewAt: renewalOf(pair.certificate, lifetimes) };
    },
    gatewayCertificateDue: (name, stored) =>
      authority === undefined ? Number.POSITIVE_INFINITY : due(name, stored, authority, lifetimes),
    onChange: (listener) => subscribe(authorityListeners, listener),
    trouble: store.trouble,
    async close() {
      end.abort();
      reject(new Error("the certificates of xDS were closed before there was an authority"));
      await running;
    },
  };
}

const LOOK_AGAIN_MS = 60_000;

function due(
  name: string,
  stored: StoredCertificate | undefined,
  { bundle }: Authority,
  lifetimes: Lifetimes,
): number {
  const certificate = stored === undefined ? undefined : readCertificate(stored.certificate);
  if (stored === undefined || certificate === undefined) return 0;
  if (certificate.subjectAltName !== `URI:${gatewayUri(name)}`) return 0;
  if (certificatesOf(stored.bundle).join("") !== certificatesOf(bundle).join("")) return 0;
  if (!isSignedBy(certificate, bundle)) return 0;
  return renewalOf(stored.certificate, lifetimes);
}

function renewalOf(pem: string, { skewMs }: Lifetimes): number {
  const certificate = readCertificate(pem);
  if (certificate === undefined) return 0;
  return renewalTime({ notBefore: certificate.validFromDate, notAfter: certificate.validToDate }, skewMs);
}

function subscribe(listeners: Set<() => void>, listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
