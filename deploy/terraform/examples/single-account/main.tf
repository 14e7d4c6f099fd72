# The bridge and the fleet it watches in one account and Region.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.88, < 7.0"
    }
  }
}

variable "image" {
  description = "The container image of the bridge."
  type        = string
}

variable "vpc_id" {
  description = "The network. The default one will do."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets of it in two or more availability zones."
  type        = list(string)
}

variable "domain_name" {
  description = "The bridge's host name."
  type        = string
}

variable "certificate_arn" {
  description = "The certificate of that name."
  type        = string
}

variable "hosted_zone_id" {
  description = "The Route 53 zone of that name."
  type        = string
}

variable "alert_email" {
  description = "Who is told when messages could not be delivered."
  type        = string
}

variable "detect_used_before" {
  description = "Whether this account used Detect before 31 August 2026."
  type        = bool
  default     = false
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  topics = "arn:${data.aws_partition.current.partition}:sns:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:device-defender"
}

module "bridge" {
  source = "../../bridge"

  image                       = var.image
  vpc_id                      = var.vpc_id
  load_balancer_subnet_ids    = var.subnet_ids
  task_subnet_ids             = var.subnet_ids
  tasks_have_public_addresses = true
  domain_name                 = var.domain_name
  certificate_arn             = var.certificate_arn
  hosted_zone_id              = var.hosted_zone_id
  sns_topics                  = ["${local.topics}-audit", "${local.topics}-detect"]
}

module "fleet" {
  source = "../../fleet"

  bridge_url          = module.bridge.url
  api_key             = module.bridge.api_key
  alert_email         = var.alert_email
  enable_audit        = true
  detect_used_before  = var.detect_used_before
  enable_rules_detect = var.detect_used_before
}

output "bridge_url" {
  description = "The bridge's address."
  value       = module.bridge.url
}
