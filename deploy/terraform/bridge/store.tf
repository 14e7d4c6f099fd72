# AWS generates the secrets. Terraform's state contains only the API key, which the EventBridge connection needs in plain text.
ephemeral "aws_secretsmanager_random_password" "database" {
  password_length     = 40
  exclude_punctuation = true
}

# Not managed by RDS: RDS would rotate it every week, but tasks read the password at start only.
resource "aws_secretsmanager_secret" "database_password" {
  name_prefix             = "${var.name}-database-"
  description             = "Password of the database of Defender Bridge"
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "database_password" {
  secret_id                = aws_secretsmanager_secret.database_password.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.database.random_password
  secret_string_wo_version = 1
}

# Read back, so that a later apply that creates the database uses the stored password.
ephemeral "aws_secretsmanager_secret_version" "database_password" {
  secret_id  = aws_secretsmanager_secret_version.database_password.secret_id
  version_id = aws_secretsmanager_secret_version.database_password.version_id
}

resource "aws_db_subnet_group" "bridge" {
  name_prefix = "${var.name}-"
  description = "Defender Bridge"
  subnet_ids  = var.task_subnet_ids
}

resource "aws_rds_cluster" "bridge" {
  cluster_identifier_prefix  = "${var.name}-"
  engine                     = "aurora-postgresql"
  engine_mode                = "provisioned"
  database_name              = "bridge"
  master_username            = "bridge"
  master_password_wo         = ephemeral.aws_secretsmanager_secret_version.database_password.secret_string
  master_password_wo_version = 1
  db_subnet_group_name       = aws_db_subnet_group.bridge.name
  vpc_security_group_ids     = [aws_security_group.database.id]
  storage_encrypted          = true
  backup_retention_period    = 7
  copy_tags_to_snapshot      = true
  final_snapshot_identifier  = "${var.name}-final"

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
}

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
