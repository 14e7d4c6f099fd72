variable "bridge_url" {
  description = "URL of the bridge, for example https://bridge.example.com. The bridge must respond there and have a source with the mapping cloudwatch-alarm. Null: no EventBridge rule is created; the alarms appear in CloudWatch only."
  type        = string
  default     = null

  validation {
    condition     = var.bridge_url == null || can(regex("^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", var.bridge_url))
    error_message = "bridge_url must be https://, a host name and optionally a port, without a path or trailing slash."
  }
}

variable "send_events" {
  description = "Lets EventBridge send device alarms to the bridge. Requires bridge_url and api_key."
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
  description = "E-mail address notified of undeliverable events and of alarms that cannot be evaluated. Null: the alarms appear in CloudWatch only."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.alert_email))
    error_message = "alert_email must be an e-mail address."
  }
}

variable "existing_logging" {
  description = "An account and Region has one logging configuration. Creating a second one fails. True keeps the existing configuration and log group unchanged. The configuration must log what the alarms count."
  type        = bool
  default     = false
}

variable "existing_log_group" {
  description = "The log group exists, for example because it was kept when the module was destroyed. It is kept unchanged."
  type        = bool
  default     = false
}

variable "log_group_name" {
  description = "Log group that the alarms query. AWS IoT writes to AWSIotLogsV2 unless the existing configuration names another one."
  type        = string
  default     = "AWSIotLogsV2"

  validation {
    condition     = can(regex("^[A-Za-z0-9_/.#-]{1,512}$", var.log_group_name))
    error_message = "log_group_name must have 1 to 512 letters, digits and the characters _/.#-."
  }

  validation {
    condition     = var.log_group_name == "AWSIotLogsV2" || var.existing_logging
    error_message = "The logging configuration of this module writes to AWSIotLogsV2. Another log_group_name requires existing_logging."
  }
}

variable "log_retention_days" {
  description = "Retention of log entries in days. The alarms need the entries of the last hours only. Keep them as long as investigations need them."
  type        = number
  default     = 30
}

variable "log_thing_group" {
  description = "Logs connections, disconnects and messages only for the things of this thing group. Failures are logged for all devices. Null: all devices."
  type        = string
  default     = null

  validation {
    condition     = var.log_thing_group == null || can(regex("^[A-Za-z0-9:_-]{1,128}$", var.log_thing_group))
    error_message = "log_thing_group must have 1 to 128 letters, digits, colons, dashes and underscores."
  }

  validation {
    condition     = var.log_thing_group == null || !var.existing_logging
    error_message = "log_thing_group changes the logging configuration. It requires existing_logging to be false."
  }
}

variable "alarm_prefix" {
  description = "Prefix of the alarm names. Each use of the module in an account and Region needs its own. The bridge's source selects alarms by it."
  type        = string
  default     = "iot-"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,40}$", var.alarm_prefix))
    error_message = "alarm_prefix must have 1 to 40 letters, digits, dashes and underscores."
  }
}

variable "client_id_pattern" {
  description = "Regular expression without slashes, for example ^plant-1-. The alarms count only matching client IDs. An alarm tracks at most 100 devices in ALARM; split larger fleets into several uses of the module. Null: all devices."
  type        = string
  default     = null

  validation {
    condition     = var.client_id_pattern == null || can(regex("^[^/\"\\s]{1,256}$", var.client_id_pattern))
    error_message = "client_id_pattern must have 1 to 256 characters, without slashes, quotation marks and white space."
  }
}

variable "evaluation_minutes" {
  description = "Minutes between two queries: 5, 10, 15, 30 or 60. Each query counts the log entries of as many minutes. Thresholds are counts within this time."
  type        = number
  default     = 5

  validation {
    condition     = contains([5, 10, 15, 30, 60], var.evaluation_minutes)
    error_message = "evaluation_minutes must be 5, 10, 15, 30 or 60."
  }
}

variable "query_results_to_evaluate" {
  description = "Number of most recent query results that are evaluated, 1 to 100."
  type        = number
  default     = 1

  validation {
    condition     = var.query_results_to_evaluate >= 1 && var.query_results_to_evaluate <= 100
    error_message = "query_results_to_evaluate must be 1 to 100."
  }
}

variable "query_results_to_alarm" {
  description = "Number of these results that must be above the threshold to raise an alarm. At most query_results_to_evaluate."
  type        = number
  default     = 1

  validation {
    condition     = var.query_results_to_alarm >= 1 && var.query_results_to_alarm <= var.query_results_to_evaluate
    error_message = "query_results_to_alarm must be at least 1 and at most query_results_to_evaluate."
  }
}

variable "enable_messages_sent" {
  description = "Logs one entry for each message that a device publishes, by far the largest part of the costs. False: no entries for messages and no alarm on messages sent."
  type        = bool
  default     = true
}

variable "enable_topic" {
  description = "Creates an SNS topic that the alarms notify of each device, for people or other programs. The bridge does not need it."
  type        = bool
  default     = false
}

variable "authorization_failures" {
  description = "Policies denied a connection, a subscription or a message. A device that works as expected has none; up to 5 allow for one missing permission at a reconnect. Severity: Critical, High, Medium or Low."
  type = object({
    threshold = optional(number, 5)
    severity  = optional(string, "High")
  })
  default = {}

  validation {
    condition     = var.authorization_failures.threshold >= 0 && contains(["Critical", "High", "Medium", "Low"], var.authorization_failures.severity)
    error_message = "authorization_failures must have a threshold of at least 0 and the severity Critical, High, Medium or Low."
  }
}

variable "authentication_errors" {
  description = "AWS IoT rejected credentials. Up to 5 allow for a device that retries once a minute while its certificate is renewed. Severity: Critical, High, Medium or Low."
  type = object({
    threshold = optional(number, 5)
    severity  = optional(string, "High")
  })
  default = {}

  validation {
    condition     = var.authentication_errors.threshold >= 0 && contains(["Critical", "High", "Medium", "Low"], var.authentication_errors.severity)
    error_message = "authentication_errors must have a threshold of at least 0 and the severity Critical, High, Medium or Low."
  }
}

variable "connection_attempts" {
  description = "Successful and failed connections. 10 in 5 minutes are one every 30 seconds. Severity: Critical, High, Medium or Low."
  type = object({
    threshold = optional(number, 10)
    severity  = optional(string, "Low")
  })
  default = {}

  validation {
    condition     = var.connection_attempts.threshold >= 0 && contains(["Critical", "High", "Medium", "Low"], var.connection_attempts.severity)
    error_message = "connection_attempts must have a threshold of at least 0 and the severity Critical, High, Medium or Low."
  }
}

variable "disconnects" {
  description = "Disconnects. 10 in 5 minutes are one every 30 seconds. Two devices with the same client ID disconnect each other continuously. Severity: Critical, High, Medium or Low."
  type = object({
    threshold = optional(number, 10)
    severity  = optional(string, "Low")
  })
  default = {}

  validation {
    condition     = var.disconnects.threshold >= 0 && contains(["Critical", "High", "Medium", "Low"], var.disconnects.severity)
    error_message = "disconnects must have a threshold of at least 0 and the severity Critical, High, Medium or Low."
  }
}

variable "messages_sent" {
  description = "Messages sent. 1500 in 5 minutes are 5 a second. Set about twice what your busiest device sends. Severity: Critical, High, Medium or Low."
  type = object({
    threshold = optional(number, 1500)
    severity  = optional(string, "Medium")
  })
  default = {}

  validation {
    condition     = var.messages_sent.threshold >= 0 && contains(["Critical", "High", "Medium", "Low"], var.messages_sent.severity)
    error_message = "messages_sent must have a threshold of at least 0 and the severity Critical, High, Medium or Low."
  }
}
