{{/*
What the pods of both components have in common. Each is called with (list . "controller").
*/}}

{{- define "metallb.podAnnotations" -}}
{{- $root := index . 0 }}
{{- $component := index $root.Values (index . 1) }}
{{- if and $root.Values.prometheus.scrapeAnnotations $root.Values.prometheus.metricsPort }}
prometheus.io/scrape: "true"
prometheus.io/scheme: https
prometheus.io/port: {{ $root.Values.prometheus.metricsPort | quote }}
{{- end }}
{{- with $component.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "metallb.image" -}}
{{- $root := index . 0 }}
{{- $image := (index $root.Values (index . 1)).image }}
{{- $image.repository }}:{{ $image.tag | default $root.Chart.AppVersion }}
{{- end }}

{{- define "metallb.commonArguments" -}}
{{- $root := index . 0 }}
{{- $component := index $root.Values (index . 1) }}
- --port={{ $root.Values.prometheus.metricsPort }}
{{- with $component.logLevel }}
- --log-level={{ . }}
{{- end }}
{{- with $root.Values.loadBalancerClass }}
- --lb-class={{ . }}
{{- end }}
{{- if $root.Values.configInline }}
- --config={{ include "metallb.legacyConfigMap" $root }}
{{- end }}
{{- with $component.livenessProbe.port }}
{{- if ne (int .) 17472 }}
- --health-probe-port={{ . }}
{{- end }}
{{- end }}
{{- with coalesce $root.Values.tls.cipherSuites $root.Values.controller.tlsCipherSuites }}
- --tls-cipher-suites={{ . }}
{{- end }}
{{- with $root.Values.tls.curvePreferences }}
- --tls-curve-preferences={{ . }}
{{- end }}
{{- with coalesce $root.Values.tls.minVersion $root.Values.controller.tlsMinVersion }}
- --tls-min-version={{ . }}
{{- end }}
{{- end }}

{{/* The Secret with the certificate of the metrics; charts before 0.16 had its name below `prometheus`. */}}
{{- define "metallb.metricsSecret" -}}
{{- $root := index . 0 }}
{{- $name := printf "%sMetricsTLSSecret" (index . 1) }}
{{- coalesce (get $root.Values.tls $name) (get $root.Values.prometheus $name) | default "" }}
{{- end }}

{{- define "metallb.downward" -}}
- name: {{ index . 0 }}
  valueFrom:
    fieldRef:
      fieldPath: {{ index . 1 }}
{{- end }}

{{/* A probe, called with (dict "name" "livenessProbe" "path" "/healthz" "probe" … "host" …). */}}
{{- define "metallb.probe" -}}
{{- if .probe.enabled }}
{{ .name }}:
  httpGet:
    {{- with .host }}
    host: {{ . }}
    {{- end }}
    path: {{ .path }}
    port: {{ .port }}
  {{- with .probe.initialDelaySeconds }}
  initialDelaySeconds: {{ . }}
  {{- end }}
  periodSeconds: {{ .probe.periodSeconds }}
  timeoutSeconds: {{ .probe.timeoutSeconds | default 1 }}
  successThreshold: {{ .probe.successThreshold | default 1 }}
  failureThreshold: {{ .probe.failureThreshold }}
{{- end }}
{{- end }}

{{/* Where the pods of a component may run. */}}
{{- define "metallb.placement" -}}
nodeSelector:
  kubernetes.io/os: linux
  {{- with .nodeSelector }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
