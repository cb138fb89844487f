import type { Values } from "./chart.ts";

/** Values that a user could have, by what they are about. Together they reach every branch of the templates. */
export const VALUE_SETS: Readonly<Record<string, Values>> = {
  "sidecar, all at its default": {},
  "managed, all at its default": { topology: "managed" },
  "sidecar, in two namespaces": {
    watchNamespace: ["shop", "news"],
    gateway: { defaultCertificate: "sluice-system/default-tls" },
  },
  "managed, in one namespace": {
    topology: "managed",
    watchNamespace: ["shop"],
    managed: { ingressConfig: { create: false } },
  },
  "sidecar, as little as can be": {
    replicas: 1,
    ingressClass: { create: false },
    networkPolicy: { create: false },
    podDisruptionBudget: { create: false },
    service: { type: "ClusterIP" },
    serviceAccount: { create: false },
    rbac: { create: false },
  },
  "sidecar, with a webhook whose certificate Helm makes": {
    admission: { enabled: true, clientCA: { configMapName: "api-server-ca" } },
  },
  "sidecar, all there is": everything("sidecar"),
  "managed, all there is": everything("managed"),
};

function everything(topology: string): Values {
  const container = {
    resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "2Gi" } },
    extraEnv: [{ name: "TZ", value: "UTC" }],
  };
  return {
    topology,
    fullnameOverride: "edge",
    image: { repository: "mirror/sluice", digest: `sha256:${"a".repeat(64)}`, pullPolicy: "Always" },
    imagePullSecrets: [{ name: "pull" }],
    replicas: 3,
    ingressClass: { name: "edge", default: true },
    gateway: {
      labelSelector: "team=shop",
      sslRedirect: false,
      trustedHops: 2,
      allowExternalName: true,
      sslPassthrough: true,
      allowCrossNamespace: true,
      accessLog: true,
      defaultCertificate: "shop/default-tls",
      dnsResolver: "10.96.0.10:53",
      rateLimitRedis: "redis://redis.example:6379/3",
      clientLimitStatus: 429,
      logLevel: "debug",
      listenAddress: "::",
    },
    rateLimit: { redisUrlSecret: { name: "redis", key: "url" } },
    status: { addresses: ["192.0.2.1", "edge.example"] },
    controller: { ...container, extraArgs: ["--tracing-collector=otel.example:4317"] },
    envoy: { ...container, concurrency: 0, logLevel: "info", extraArgs: ["--log-format", "%v"] },
    shutdown: { settleSeconds: 20, drainSeconds: 300 },
    service: {
      httpNodePort: 30_080,
      httpsNodePort: 30_443,
      loadBalancerClass: "example.com/lb",
      loadBalancerSourceRanges: ["192.0.2.0/24"],
      ipFamilyPolicy: "PreferDualStack",
      annotations: { "example.com/a": "b" },
      labels: { tier: "edge" },
    },
    managed: {
      ingressConfig: {
        name: "edge",
        annotations: { "sluice.dev/hpa": "2-10" },
        spec: { common: { instance: { replicas: 2, spec: "2c4g" } } },
      },
    },
    admission: {
      enabled: true,
      certificate: { secretName: "webhook-tls", caBundle: "-----BEGIN CERTIFICATE-----\n…" },
      clientCA: { secretName: "api-server-ca", key: "tls.crt" },
      timeoutSeconds: 5,
      namespaceSelector: { matchLabels: { tenant: "yes" } },
      annotations: { "cert-manager.io/inject-ca-from": "sluice-system/webhook" },
    },
    rbac: { secrets: { watch: false, names: ["shop-tls"] } },
    serviceAccount: { name: "edge", annotations: { "example.com/role": "edge" } },
    networkPolicy: {
      metricsFrom: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }],
    },
    podDisruptionBudget: { maxUnavailable: "25%" },
    podMonitor: { create: true, interval: "15s", labels: { release: "prometheus" } },
    autoscaling: { create: true, minReplicas: 3, maxReplicas: 9, targetCPUUtilizationPercentage: 60 },
    commonLabels: { owner: "platform" },
    commonAnnotations: { "example.com/owner": "platform" },
    podLabels: { mesh: "off" },
    podAnnotations: { "example.com/scrape": "yes" },
    priorityClassName: "system-cluster-critical",
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ key: "edge", operator: "Exists" }],
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 1,
            preference: { matchExpressions: [{ key: "edge", operator: "Exists" }] },
          },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 2,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: { "app.kubernetes.io/component": "gateway" } },
      },
    ],
  };
}
