variable "name" {
  description = "Prefix of the names of all resources."
  type        = string
  default     = "defender-bridge"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must have 2 to 20 lower-case letters, digits and dashes, beginning with a letter."
  }
}

variable "image" {
  description = "Container image with its tag or, preferably, its digest. See deploy/docker."
  type        = string

  validation {
    condition     = length(var.image) > 0
    error_message = "image must not be empty."
  }
}

variable "task_architecture" {
  description = "CPU architecture that the image was built for: X86_64 or ARM64."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.task_architecture)
    error_message = "task_architecture must be X86_64 or ARM64."
  }
}

variable "task_count" {
  description = "Number of tasks, 1 to 10."
  type        = number
  default     = 2

  validation {
    condition     = var.task_count >= 1 && var.task_count <= 10 && floor(var.task_count) == var.task_count
    error_message = "task_count must be 1 to 10."
  }
}

variable "task_cpu" {
  description = "CPU units of each task. 1024 units are one vCPU."
  type        = number
  default     = 512

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.task_cpu)
    error_message = "task_cpu must be 256, 512, 1024, 2048 or 4096."
  }
}

variable "task_memory" {
  description = "Memory of each task in MiB: 512 to 2048 with 256 CPU units, 1024 to 4096 with 512, 2048 to 8192 with 1024, 4096 to 16384 with 2048, 8192 to 30720 with 4096."
  type        = number
  default     = 1024

  validation {
    condition = contains({
      "256"  = [512, 1024, 2048]
      "512"  = range(1024, 4097, 1024)
      "1024" = range(2048, 8193, 1024)
      "2048" = range(4096, 16385, 1024)
      "4096" = range(8192, 30721, 1024)
    }[tostring(var.task_cpu)], var.task_memory)
    error_message = "task_memory is not a value that Fargate accepts with this task_cpu. See the description of the variable."
  }
}

variable "vpc_id" {
  description = "ID of the VPC of the load balancer, the tasks and the database."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must begin with vpc-."
  }
}

variable "load_balancer_subnet_ids" {
  description = "Public subnets in two or more Availability Zones."
  type        = list(string)

  validation {
    condition     = length(var.load_balancer_subnet_ids) >= 2
    error_message = "load_balancer_subnet_ids must have two or more entries."
  }
}

variable "task_subnet_ids" {
  description = "Subnets of tasks and database in two or more Availability Zones: private with a NAT gateway, or public."
  type        = list(string)

  validation {
    condition     = length(var.task_subnet_ids) >= 2
    error_message = "task_subnet_ids must have two or more entries."
  }
}

variable "tasks_have_public_addresses" {
  description = "Set true if task_subnet_ids are public, because the tasks send requests to AWS. Only the load balancer can connect to them."
  type        = bool
  default     = false
}

variable "domain_name" {
  description = "Host name of the bridge, for example bridge.example.com."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.domain_name))
    error_message = "domain_name must be a lower-case host name."
  }
}

variable "certificate_arn" {
  description = "ARN of the certificate in AWS Certificate Manager, in this Region. SNS requires a public certificate authority."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate in AWS Certificate Manager."
  }
}

variable "hosted_zone_id" {
  description = "ID of the Route 53 hosted zone for the name. Null: create a CNAME record for the load balancer yourself."
  type        = string
  default     = null
}

variable "sns_topics" {
  description = "Value of sns.topics. The account may be *."
  type        = list(string)

  validation {
    condition     = length(var.sns_topics) > 0 && alltrue([for topic in var.sns_topics : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:([0-9]{12}|\\*):[A-Za-z0-9_*-]+(=([0-9]{12}|\\*))?$", topic))])
    error_message = "sns_topics must be ARNs of topics; the account or the whole name may be *, and =ACCOUNT or =* may follow."
  }
}

variable "sns_accounts" {
  description = "Value of sns.accounts, if sns_topics has * as account or ends in =*."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for account in var.sns_accounts : can(regex("^[0-9]{12}$", account))])
    error_message = "sns_accounts must be account IDs of 12 digits."
  }
}

variable "member_role_name" {
  description = "Name of the role that the bridge assumes in other accounts, see the module member-role. Null: only this account is served."
  type        = string
  default     = null

  validation {
    condition     = var.member_role_name == null || can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.member_role_name))
    error_message = "member_role_name must have 1 to 64 letters, digits and +=,.@_-"
  }
}

variable "external_id" {
  description = "External ID that these roles require."
  type        = string
  default     = null

  validation {
    condition     = (var.external_id == null) == (var.member_role_name == null)
    error_message = "member_role_name and external_id must be set together."
  }
}

variable "database_capacity" {
  description = "Minimum and maximum number of Aurora capacity units."
  type        = object({ min = number, max = number })
  default     = { min = 0.5, max = 4 }

  validation {
    condition     = var.database_capacity.min >= 0.5 && var.database_capacity.max >= max(1, var.database_capacity.min) && var.database_capacity.max <= 128
    error_message = "database_capacity must be 0.5 to 128."
  }
}

variable "database_reader" {
  description = "Whether a second database instance in another Availability Zone takes over within about 30 seconds if the first fails. Without it, Aurora creates a new instance, usually within 10 minutes."
  type        = bool
  default     = true
}

variable "database_deletion_protection" {
  description = "Whether Amazon RDS rejects the deletion of the database. Set false and apply before you destroy."
  type        = bool
  default     = true
}

variable "collector_image" {
  description = "Image of the AWS Distro for OpenTelemetry collector, which copies metrics to CloudWatch. Null: no collector, no metrics of the bridge in CloudWatch and no alarms on them."
  type        = string
  default     = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3"
}

variable "alert_email" {
  description = "E-mail address notified of alarms. Null: alarms appear in CloudWatch only."
  type        = string
  default     = null
}
