variable "bridge_role_arn" {
  description = "The role that the bridge runs in."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", var.bridge_role_arn))
    error_message = "bridge_role_arn is the ARN of a role."
  }
}

variable "external_id" {
  description = "The bridge's aws.externalId. The same in all accounts; hard to guess."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@:/_-]+$", var.external_id)) && length(var.external_id) >= 8 && length(var.external_id) <= 1224
    error_message = "external_id is 8 to 1224 letters, digits and +=,.@:/_-"
  }
}

variable "role_name" {
  description = "The bridge's aws.roleName. The same in all accounts."
  type        = string
  default     = "defender-bridge-member"

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "role_name is 1 to 64 letters, digits and +=,.@_-"
  }
}
