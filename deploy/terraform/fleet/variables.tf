variable "bridge_url" {
  description = "The bridge's address, for example https://bridge.example.com. It must answer there already and have both topics in sns.topics. Null: nothing is subscribed yet."
  type        = string
  default     = null

  validation {
    condition     = var.bridge_url == null || can(regex("^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", var.bridge_url))
    error_message = "bridge_url is https://, a host name and perhaps a port, without a path and a slash at the end."
  }
}

variable "send_events" {
  description = "Whether EventBridge tells the bridge of verification states, suppressions and canceled audits. Needs bridge_url and api_key. Without effect in AWS GovCloud (US), which has no API destinations."
  type        = bool
  default     = true
}

variable "api_key" {
  description = "The key that EventBridge sends, one of the bridge's eventBridge.apiKey. Terraform's state has it."
  type        = string
  default     = null
  sensitive   = true
}

variable "alert_email" {
  description = "Who is told when messages could not be delivered. Null: nobody, the alarms are in CloudWatch only."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.alert_email))
    error_message = "alert_email is an e-mail address."
  }
}

variable "topic_prefix" {
  description = "The topics are called so, with -audit, -detect and -alerts behind."
  type        = string
  default     = "device-defender"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,200}$", var.topic_prefix))
    error_message = "topic_prefix is 1 to 200 letters, digits, dashes and underscores."
  }
}

variable "enable_audit" {
  description = "All 17 checks, every day. An account and Region has one audit configuration: where there is one, set existing_audit_configuration, too."
  type        = bool
  default     = false
}

variable "existing_audit_configuration" {
  description = "Leaves the account's audit configuration as it is. The command in the output audit_notification_command makes it publish to the audit topic. With enable_audit, a daily audit of all checks is added; the configuration must have all 17 checks enabled."
  type        = bool
  default     = false
}

variable "name_prefix" {
  description = "An account and Region can have a scheduled audit DailyAudit and security profiles IoTDeviceDefender... only once. Set a prefix, for example DefenderBridge-, where another stack has them, as that of AWS's sample does."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{0,64}$", var.name_prefix))
    error_message = "name_prefix is at most 64 letters, digits, dashes and underscores."
  }
}

variable "detect_used_before" {
  description = "AWS closed Detect to new customers on 31 August 2026. Say true only if this account used it before; in others, making a security profile fails."
  type        = bool
  default     = false
}

variable "enable_rules_detect" {
  description = "Security profiles by rules. Needs detect_used_before."
  type        = bool
  default     = false

  validation {
    condition     = !var.enable_rules_detect || var.detect_used_before
    error_message = "AWS IoT Device Defender Detect is closed to new customers since 31 August 2026. If this account used it before, set detect_used_before to true; if not, set enable_rules_detect to false. Audit works in every account."
  }
}

variable "enable_ml_detect" {
  description = "Security profiles by machine learning. Needs detect_used_before. The models learn for 14 days before the first alarm."
  type        = bool
  default     = false

  validation {
    condition     = !var.enable_ml_detect || var.detect_used_before
    error_message = "AWS IoT Device Defender Detect is closed to new customers since 31 August 2026. If this account used it before, set detect_used_before to true; if not, set enable_ml_detect to false. Audit works in every account."
  }
}

variable "detect_ml_confidence_level" {
  description = "HIGH gives the fewest alarms."
  type        = string
  default     = "HIGH"

  validation {
    condition     = contains(["HIGH", "MEDIUM", "LOW"], var.detect_ml_confidence_level)
    error_message = "detect_ml_confidence_level is HIGH, MEDIUM or LOW."
  }
}

variable "device_side_metrics" {
  description = "Also watch what an agent on the devices reports. Needs enable_rules_detect or enable_ml_detect."
  type        = bool
  default     = false

  validation {
    condition     = !var.device_side_metrics || var.enable_rules_detect || var.enable_ml_detect
    error_message = "device_side_metrics needs enable_rules_detect or enable_ml_detect."
  }
}

variable "device_target_arns" {
  description = "ARNs of thing groups that the security profiles watch. Empty: all devices."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.device_target_arns : can(regex("^arn:[a-z-]+:iot:[a-z0-9-]+:[0-9]{12}:", arn))])
    error_message = "device_target_arns are ARNs of AWS IoT."
  }
}
