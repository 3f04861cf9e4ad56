{{/*
Names and labels.

The same templates make the Helm release and the plain manifests, which MetalLB names and labels differently:
`.Values.plainManifests` chooses. What takes a component is called with (list . "controller").
*/}}

{{- define "metallb.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "metallb.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* An object of the namespace that belongs to a component: `metallb-controller`, or plainly `controller`. */}}
{{- define "metallb.objectName" -}}
{{- $root := index . 0 }}
{{- if $root.Values.plainManifests }}{{ index . 1 }}{{ else }}{{ include "metallb.fullname" $root }}-{{ index . 1 }}{{ end }}
{{- end }}

{{/* An object of the whole cluster: `metallb:controller`, or plainly `metallb-system:controller`. */}}
{{- define "metallb.clusterObjectName" -}}
{{- $root := index . 0 }}
{{- if $root.Values.plainManifests }}{{ $root.Release.Namespace }}{{ else }}{{ include "metallb.fullname" $root }}{{ end }}:{{ index . 1 }}
{{- end }}

{{- define "metallb.serviceAccountName" -}}
{{- $root := index . 0 }}
{{- $account := (index $root.Values (index . 1)).serviceAccount }}
{{- if $account.create }}
{{- $account.name | default (include "metallb.objectName" .) }}
{{- else }}
{{- $account.name | default "default" }}
{{- end }}
{{- end }}

{{/* The Secret with the key of the speakers' gossip. */}}
{{- define "metallb.memberlistSecret" -}}
{{- if .Values.plainManifests }}
{{- .Values.speaker.secretName | default "memberlist" }}
{{- else }}
{{- .Values.speaker.secretName | default (printf "%s-memberlist" (include "metallb.fullname" .)) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "metallb.labels" -}}
{{- if .Values.plainManifests -}}
app: metallb
{{- else -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "metallb.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
{{- end }}

{{/* What pods of a component are found by. */}}
{{- define "metallb.selector" -}}
{{- $root := index . 0 }}
{{- if $root.Values.plainManifests -}}
app: metallb
component: {{ index . 1 }}
{{- else -}}
app.kubernetes.io/name: {{ include "metallb.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}
{{- end }}

{{- define "metallb.componentLabels" -}}
{{- $root := index . 0 }}
{{- include "metallb.labels" $root }}
{{ $root.Values.plainManifests | ternary "component" "app.kubernetes.io/component" }}: {{ index . 1 }}
{{- end }}

{{/* The same as a label selector, by which speakers find each other. */}}
{{- define "metallb.memberlistLabels" -}}
{{- if .Values.plainManifests -}}
app=metallb,component=speaker
{{- else -}}
app.kubernetes.io/name={{ include "metallb.name" . }},app.kubernetes.io/component=speaker
{{- end }}
{{- end }}

{{/* The ConfigMap that configInline becomes: the configuration of MetalLB 0.8 to 0.12. */}}
{{- define "metallb.legacyConfigMap" -}}
{{- include "metallb.fullname" . }}
{{- end }}
