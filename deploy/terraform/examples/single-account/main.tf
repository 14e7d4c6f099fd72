# The bridge and its fleet in one account and Region.
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
  description = "Container image of the bridge."
  type        = string
}

variable "vpc_id" {
  description = "ID of the VPC. The default VPC suffices."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets in two or more Availability Zones."
  type        = list(string)
}

variable "domain_name" {
  description = "Host name of the bridge."
  type        = string
}

variable "certificate_arn" {
  description = "ARN of the certificate in AWS Certificate Manager."
  type        = string
}

variable "hosted_zone_id" {
  description = "ID of the Route 53 hosted zone for the name."
  type        = string
}

variable "alert_email" {
  description = "E-mail address notified of alarms."
  type        = string
}

variable "detect_used_before" {
  description = "Set true if this account used Detect before 31 August 2026."
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
  alert_email                 = var.alert_email
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
  description = "URL of the bridge."
  value       = module.bridge.url
}
