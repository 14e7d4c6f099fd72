locals {
  # Terraform's state contains only the ARN of the password.
  database_secret = aws_rds_cluster.bridge.master_user_secret[0].secret_arn
}

resource "aws_db_subnet_group" "bridge" {
  name_prefix = "${var.name}-"
  description = "Defender Bridge"
  subnet_ids  = var.task_subnet_ids
}

resource "aws_rds_cluster" "bridge" {
  cluster_identifier_prefix = "${var.name}-"
  engine                    = "aurora-postgresql"
  engine_mode               = "provisioned"
  database_name             = "bridge"
  master_username           = "bridge"
  # RDS keeps the password in AWS Secrets Manager and rotates it every 7 days.
  manage_master_user_password = true
  db_subnet_group_name        = aws_db_subnet_group.bridge.name
  vpc_security_group_ids      = [aws_security_group.database.id]
  storage_encrypted           = true
  backup_retention_period     = 7
  copy_tags_to_snapshot       = true
  deletion_protection         = var.database_deletion_protection
  final_snapshot_identifier   = "${var.name}-final"

  serverlessv2_scaling_configuration {
    min_capacity = var.database_capacity.min
    max_capacity = var.database_capacity.max
  }
}

resource "aws_rds_cluster_instance" "bridge" {
  identifier_prefix  = "${var.name}-"
  cluster_identifier = aws_rds_cluster.bridge.id
  engine             = aws_rds_cluster.bridge.engine
  engine_version     = aws_rds_cluster.bridge.engine_version
  instance_class     = "db.serverless"
  promotion_tier     = 0
}

# Takes over if the first instance fails. In promotion tier 1, it has at least the capacity of the first.
resource "aws_rds_cluster_instance" "reader" {
  count = var.database_reader ? 1 : 0

  identifier_prefix  = "${var.name}-reader-"
  cluster_identifier = aws_rds_cluster.bridge.id
  engine             = aws_rds_cluster.bridge.engine
  engine_version     = aws_rds_cluster.bridge.engine_version
  instance_class     = "db.serverless"
  promotion_tier     = 1
  # The first instance of a cluster becomes the writer.
  depends_on = [aws_rds_cluster_instance.bridge]
}

# Terraform's state contains the API key, which the EventBridge connection needs in plain text.
data "aws_secretsmanager_random_password" "api_key" {
  password_length     = 48
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "api_key" {
  name_prefix             = "${var.name}-api-key-"
  description             = "API key that EventBridge sends to Defender Bridge"
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "api_key" {
  secret_id     = aws_secretsmanager_secret.api_key.id
  secret_string = data.aws_secretsmanager_random_password.api_key.random_password

  # A new random value at each plan.
  lifecycle {
    ignore_changes = [secret_string]
  }
}
