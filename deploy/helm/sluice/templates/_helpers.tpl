{{- define "sluice.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{/* The Pods of this chart: gateways or control planes. */}}
{{- define "sluice.workload" -}}
{{- printf "%s-%s" (include "sluice.fullname" .) (ternary "controller" "gateway" (eq .Values.topology "managed")) -}}
{{- end }}

{{- define "sluice.serviceAccount" -}}
{{- default (ternary (include "sluice.workload" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ ternary "controller" "gateway" (eq .Values.topology "managed") }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* metadata of an object: (list CONTEXT NAME). Objects outside of namespaces say so by a third item. */}}
{{- define "sluice.metadata" -}}
{{- $context := index . 0 -}}
name: {{ index . 1 }}
{{- if lt (len .) 3 }}
namespace: {{ $context.Release.Namespace }}
{{- end }}
labels:
  {{- include "sluice.labels" $context | nindent 2 }}
{{- with $context.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Of the webhook: its Service, so the host that API servers call, and its Secret. */}}
{{- define "sluice.admission" -}}
{{- printf "%s-admission" (include "sluice.fullname" .) -}}
{{- end }}

{{/* (list IMAGE DEFAULT_TAG) */}}
{{- define "sluice.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default (index . 1) $image.tag }}
{{- end -}}
{{- end }}

{{- define "sluice.anyAddress" -}}
{{- ternary "[::]" "0.0.0.0" (contains ":" .Values.gateway.listenAddress) -}}
{{- end }}

{{/* Flags of `sluice serve` in both topologies. */}}
{{- define "sluice.args" -}}
- serve
- --kube
- {{ printf "--probe-address=%s:15081" (include "sluice.anyAddress" .) | quote }}
- --http-port=8080
- --https-port=8443
{{- if eq .Values.topology "sidecar" }}
- --public-http-port={{ .Values.service.httpPort }}
- --public-https-port={{ .Values.service.httpsPort }}
{{- end }}
- --drain-seconds={{ .Values.shutdown.drainSeconds }}
{{- if .Values.admission.enabled }}
- {{ printf "--admission-address=%s:9443" (include "sluice.anyAddress" .) | quote }}
- --admission-certificate=/etc/sluice/admission/tls.crt
- --admission-key=/etc/sluice/admission/tls.key
- --admission-client-ca=/etc/sluice/admission-client-ca/ca.crt
{{- end }}
{{- range .Values.watchNamespace }}
- --watch-namespace={{ . }}
{{- end }}
- {{ printf "--controller-name=%s" .Values.ingressClass.controller | quote }}
{{- range $name, $value := .Values.gateway }}
{{- if ne (toString $value) "" }}
- {{ printf "--%s=%s" (kebabcase $name) (toString $value) | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The container of the control plane, but for its name, arguments and what else differs. */}}
{{- define "sluice.controller" -}}
image: {{ include "sluice.image" (list .Values.image .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  # The only place that it may write to.
  - { name: TMPDIR, value: /run/sluice }
  # What it tells the other replicas goes with its Pod.
  - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
  - { name: POD_UID, valueFrom: { fieldRef: { fieldPath: metadata.uid } } }
  {{- with .Values.rateLimit.redisUrlSecret }}
  {{- if .name }}
  - { name: SLUICE_RATE_LIMIT_REDIS, valueFrom: { secretKeyRef: { name: {{ .name }}, key: {{ .key | quote }} } } }
  {{- end }}
  {{- end }}
  {{- with .Values.controller.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - { name: probes, containerPort: 15081, protocol: TCP }
  {{- if eq .Values.topology "managed" }}
  - { name: xds, containerPort: 15010, protocol: TCP }
  {{- end }}
  {{- if .Values.admission.enabled }}
  - { name: admission, containerPort: 9443, protocol: TCP }
  {{- end }}
# Alive is enough: a control plane that waits for the API server must wait, not start over.
startupProbe:
  httpGet: { path: /healthz, port: probes }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /healthz, port: probes }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
resources:
  {{- toYaml .Values.controller.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- end }}

{{/* What Pods of both topologies have alike. */}}
{{- define "sluice.pod" -}}
serviceAccountName: {{ include "sluice.serviceAccount" . }}
# Envoy has no business with the API server: the control plane's container alone mounts a token.
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if .Values.topologySpreadConstraints }}
  {{- toYaml .Values.topologySpreadConstraints | nindent 2 }}
{{- else }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "sluice.selector" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end }}
{{- end }}

{{- define "sluice.podMetadata" -}}
labels:
  {{- include "sluice.labels" . | nindent 2 }}
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  kubectl.kubernetes.io/default-container: {{ ternary "controller" "envoy" (eq .Values.topology "managed") }}
  {{- with (merge (dict) .Values.podAnnotations .Values.commonAnnotations) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* For the control plane's container alone. The first is what a Pod is given by itself: a token, the API server's CA, and its namespace. */}}
{{- define "sluice.controllerVolumes" -}}
- name: api
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: { path: token, expirationSeconds: 3607 }
      - configMap:
          name: kube-root-ca.crt
          items: [{ key: ca.crt, path: ca.crt }]
      - downwardAPI:
          items:
            - path: namespace
              fieldRef: { apiVersion: v1, fieldPath: metadata.namespace }
{{- if .Values.admission.enabled }}
- name: admission
  secret:
    secretName: {{ default (include "sluice.admission" .) .Values.admission.certificate.secretName }}
    defaultMode: 0440
    items: [{ key: tls.crt, path: tls.crt }, { key: tls.key, path: tls.key }]
- name: admission-client-ca
  {{- with .Values.admission.clientCA }}
  {{- if .configMapName }}
  configMap:
    name: {{ .configMapName }}
  {{- else }}
  secret:
    secretName: {{ required "admission.enabled needs admission.clientCA.configMapName or .secretName, with the CA of the certificate that the API server shows: nobody else may ask" .secretName }}
    defaultMode: 0440
  {{- end }}
    items: [{ key: {{ .key }}, path: ca.crt }]
  {{- end }}
{{- end }}
{{- end }}

{{- define "sluice.controllerMounts" -}}
- { name: api, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }
{{- if .Values.admission.enabled }}
- { name: admission, mountPath: /etc/sluice/admission, readOnly: true }
- { name: admission-client-ca, mountPath: /etc/sluice/admission-client-ca, readOnly: true }
{{- end }}
{{- end }}
