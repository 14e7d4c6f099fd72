variable "bridge_url" {
  description = "URL of the bridge, for example https://bridge.example.com. The bridge must respond there and have both topics in sns.topics. Null: no subscriptions are created."
  type        = string
  default     = null

  validation {
    condition     = var.bridge_url == null || can(regex("^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", var.bridge_url))
    error_message = "bridge_url must be https://, a host name and optionally a port, without a path or trailing slash."
  }
}

variable "send_events" {
  description = "Lets EventBridge send verification states, suppressions and canceled audits to the bridge. Requires bridge_url and api_key. No effect in AWS GovCloud (US), which has no API destinations."
  type        = bool
  default     = true
}

variable "api_key" {
  description = "API key that EventBridge sends, one of the bridge's eventBridge.apiKey. Terraform's state contains it."
  type        = string
  default     = null
  sensitive   = true
}

variable "alert_email" {
  description = "E-mail address notified of undeliverable messages. Null: alarms appear in CloudWatch only."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.alert_email))
    error_message = "alert_email must be an e-mail address."
  }
}

variable "topic_prefix" {
  description = "Prefix of the topic names; -audit, -detect and -alerts are appended."
  type        = string
  default     = "device-defender"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,200}$", var.topic_prefix))
    error_message = "topic_prefix must have 1 to 200 letters, digits, dashes and underscores."
  }
}

variable "enable_audit" {
  description = "Runs all 17 checks daily. An account and Region has one audit configuration: if one exists, also set existing_audit_configuration."
  type        = bool
  default     = false
}

variable "existing_audit_configuration" {
  description = "Keeps the account's audit configuration. Run the command in the output audit_notification_command so that it publishes to the audit topic. enable_audit then adds a daily audit; all 17 checks must be enabled in the configuration."
  type        = bool
  default     = false
}

variable "name_prefix" {
  description = "Names of scheduled audits and security profiles are unique in an account and Region. Set a prefix, for example DefenderBridge-, if another stack uses the names DailyAudit and IoTDeviceDefender..., as AWS's sample does."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{0,64}$", var.name_prefix))
    error_message = "name_prefix must have at most 64 letters, digits, dashes and underscores."
  }
}

variable "detect_used_before" {
  description = "AWS closed Detect to new customers on 31 August 2026. Set true only if this account used it before; otherwise creating a security profile fails."
  type        = bool
  default     = false
}

variable "enable_rules_detect" {
  description = "Creates security profiles with rules. Requires detect_used_before."
  type        = bool
  default     = false

  validation {
    condition     = !var.enable_rules_detect || var.detect_used_before
    error_message = "AWS IoT Device Defender Detect has been closed to new customers since 31 August 2026. If this account used it before, set detect_used_before to true; otherwise set enable_rules_detect to false. Audit works in every account."
  }
}

variable "enable_ml_detect" {
  description = "Creates security profiles with machine learning. Requires detect_used_before. The models train for 14 days before the first alarm."
  type        = bool
  default     = false

  validation {
    condition     = !var.enable_ml_detect || var.detect_used_before
    error_message = "AWS IoT Device Defender Detect has been closed to new customers since 31 August 2026. If this account used it before, set detect_used_before to true; otherwise set enable_ml_detect to false. Audit works in every account."
  }
}

variable "detect_ml_confidence_level" {
  description = "Confidence level of anomalies: HIGH, MEDIUM or LOW. HIGH causes the fewest alarms."
  type        = string
  default     = "HIGH"

  validation {
    condition     = contains(["HIGH", "MEDIUM", "LOW"], var.detect_ml_confidence_level)
    error_message = "detect_ml_confidence_level must be HIGH, MEDIUM or LOW."
  }
}

variable "device_side_metrics" {
  description = "Also monitors metrics that an agent on the devices reports. Requires enable_rules_detect or enable_ml_detect."
  type        = bool
  default     = false

  validation {
    condition     = !var.device_side_metrics || var.enable_rules_detect || var.enable_ml_detect
    error_message = "device_side_metrics requires enable_rules_detect or enable_ml_detect."
  }
}

variable "device_target_arns" {
  description = "ARNs of the thing groups that the security profiles monitor. Empty: all devices."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.device_target_arns : can(regex("^arn:[a-z-]+:iot:[a-z0-9-]+:[0-9]{12}:", arn))])
    error_message = "device_target_arns must be ARNs of AWS IoT."
  }
}
