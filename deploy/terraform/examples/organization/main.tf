# The bridge in the security team's account, and a fleet in another account. For more fleets, repeat the provider and the two
# modules of the fleet, or deploy deploy/cloudformation/member-role.yaml and fleet.yaml by StackSets.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.88, < 7.0"
    }
  }
}

variable "region" {
  description = "Region of the bridge and the fleet."
  type        = string
}

variable "fleet_account" {
  description = "Account ID of the fleet."
  type        = string
}

variable "fleet_access_role" {
  description = "Role that Terraform assumes in the fleet's account."
  type        = string
  default     = "OrganizationAccountAccessRole"
}

variable "external_id" {
  description = "External ID that the bridge sends when it assumes roles; hard to guess."
  type        = string
}

variable "image" {
  description = "Container image of the bridge."
  type        = string
}

variable "vpc_id" {
  description = "ID of the VPC of the bridge."
  type        = string
}

variable "public_subnet_ids" {
  description = "Public subnets in two or more Availability Zones."
  type        = list(string)
}

variable "private_subnet_ids" {
  description = "Private subnets with a NAT gateway."
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
  description = "E-mail address notified of undeliverable messages."
  type        = string
}

provider "aws" {
  region = var.region
}

data "aws_partition" "current" {}

provider "aws" {
  alias  = "fleet"
  region = var.region

  assume_role {
    role_arn = "arn:${data.aws_partition.current.partition}:iam::${var.fleet_account}:role/${var.fleet_access_role}"
  }
}

locals {
  member_role_name = "defender-bridge-member"
}

module "bridge" {
  source = "../../bridge"

  image                    = var.image
  vpc_id                   = var.vpc_id
  load_balancer_subnet_ids = var.public_subnet_ids
  task_subnet_ids          = var.private_subnet_ids
  domain_name              = var.domain_name
  certificate_arn          = var.certificate_arn
  hosted_zone_id           = var.hosted_zone_id
  alert_email              = var.alert_email
  sns_topics = [
    for kind in ["audit", "detect"] :
    "arn:${data.aws_partition.current.partition}:sns:${var.region}:*:device-defender-${kind}"
  ]
  sns_accounts     = [var.fleet_account]
  member_role_name = local.member_role_name
  external_id      = var.external_id
}

module "fleet_role" {
  source    = "../../member-role"
  providers = { aws = aws.fleet }

  bridge_role_arn = module.bridge.task_role_arn
  external_id     = var.external_id
  role_name       = local.member_role_name
}

module "fleet" {
  source    = "../../fleet"
  providers = { aws = aws.fleet }

  bridge_url   = module.bridge.url
  api_key      = module.bridge.api_key
  alert_email  = var.alert_email
  enable_audit = true
}

output "bridge_url" {
  description = "URL of the bridge."
  value       = module.bridge.url
}
