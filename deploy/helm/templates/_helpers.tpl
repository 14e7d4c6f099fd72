{{- define "defender-bridge.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains .Chart.Name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "defender-bridge.selectorLabels" -}}
app.kubernetes.io/name: defender-bridge
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "defender-bridge.labels" -}}
{{ include "defender-bridge.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "defender-bridge.metadata" -}}
name: {{ include "defender-bridge.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "defender-bridge.labels" . | nindent 2 }}
{{- end }}

{{- define "defender-bridge.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{- /* With the PROXY protocol, only the admin port accepts probes. */ -}}
{{- define "defender-bridge.probePort" -}}
{{- $listen := (.Values.configuration | default dict).listen | default dict }}
{{- if $listen.proxyProtocol }}admin{{ else }}deliveries{{ end }}
{{- end }}
