variable "bridge_role_arn" {
  description = "ARN of the role of the bridge."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", var.bridge_role_arn))
    error_message = "bridge_role_arn must be the ARN of a role."
  }
}

variable "external_id" {
  description = "Value of aws.externalId. The same in all accounts; hard to guess."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@:/_-]+$", var.external_id)) && length(var.external_id) >= 8 && length(var.external_id) <= 1224
    error_message = "external_id must have 8 to 1224 letters, digits and +=,.@:/_-"
  }
}

variable "role_name" {
  description = "Value of aws.roleName. The same in all accounts."
  type        = string
  default     = "defender-bridge-member"

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "role_name must have 1 to 64 letters, digits and +=,.@_-"
  }
}
