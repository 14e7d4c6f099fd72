data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

data "aws_vpc" "bridge" {
  id = var.vpc_id
}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  vpc_cidr  = data.aws_vpc.bridge.cidr_block
}

resource "aws_ecs_cluster" "bridge" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_cloudwatch_log_group" "bridge" {
  name_prefix       = "${var.name}-"
  retention_in_days = 90
}

locals {
  environment = merge(
    {
      BRIDGE_LISTEN_ADDRESS                = "0.0.0.0:8080"
      BRIDGE_ADMIN_ADDRESS                 = "0.0.0.0:9090"
      BRIDGE_LISTEN_TRUSTED_PROXIES        = local.vpc_cidr
      BRIDGE_STORE_URL                     = "postgresql://bridge@${aws_rds_cluster.bridge.endpoint}:${aws_rds_cluster.bridge.port}/bridge?sslmode=verify-full&sslrootcert=/usr/local/share/amazon-rds/bundle.pem"
      BRIDGE_SNS_TOPICS                    = join(",", var.sns_topics)
      BRIDGE_SNS_MINIMUM_SIGNATURE_VERSION = "2"
    },
    length(var.sns_accounts) == 0 ? {} : { BRIDGE_SNS_ACCOUNTS = join(",", var.sns_accounts) },
    var.member_role_name == null ? {} : {
      BRIDGE_AWS_ROLE_NAME   = var.member_role_name
      BRIDGE_AWS_EXTERNAL_ID = var.external_id
    },
  )
}

locals {
  # The ECS Exec agent writes here; everything else is read-only.
  writable_paths = {
    exec-agent = "/managed-agents"
    exec-state = "/var/lib/amazon/ssm"
    exec-log   = "/var/log/amazon/ssm"
  }
}

resource "aws_ecs_task_definition" "bridge" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.task_cpu
  memory                   = var.task_memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    cpu_architecture        = var.task_architecture
    operating_system_family = "LINUX"
  }

  dynamic "volume" {
    for_each = local.writable_paths

    content {
      name = volume.key
    }
  }

  container_definitions = jsonencode(concat([{
    name                   = "defender-bridge"
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    # The init process reaps processes left by ECS Exec.
    linuxParameters = { capabilities = { drop = ["ALL"] }, initProcessEnabled = true }
    mountPoints     = [for name, path in local.writable_paths : { sourceVolume = name, containerPath = path }]
    stopTimeout     = 30
    portMappings    = [for port in [8080, 9090] : { containerPort = port, protocol = "tcp" }]
    ulimits         = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
    environment     = [for name, value in local.environment : { name = name, value = value }]
    secrets = [
      { name = "BRIDGE_EVENT_BRIDGE_API_KEY", valueFrom = aws_secretsmanager_secret.api_key.arn },
      { name = "PGPASSWORD", valueFrom = "${local.database_secret}:password::" },
    ]
    healthCheck = {
      command     = ["CMD", "/usr/local/bin/defender-bridge", "health", "--live"]
      interval    = 15
      timeout     = 5
      retries     = 3
      startPeriod = 30
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.bridge.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "bridge"
      }
    }
  }], local.collector))
}

resource "aws_ecs_service" "bridge" {
  name                               = var.name
  cluster                            = aws_ecs_cluster.bridge.id
  task_definition                    = aws_ecs_task_definition.bridge.arn
  launch_type                        = "FARGATE"
  desired_count                      = var.task_count
  enable_execute_command             = true
  health_check_grace_period_seconds  = 60
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  # The fleet's subscriptions need a bridge that responds.
  wait_for_steady_state = true

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    assign_public_ip = var.tasks_have_public_addresses
    security_groups  = [aws_security_group.tasks.id]
    subnets          = var.task_subnet_ids
  }

  load_balancer {
    container_name   = "defender-bridge"
    container_port   = 8080
    target_group_arn = aws_lb_target_group.bridge.arn
  }

  depends_on = [
    aws_iam_role_policy.secrets,
    aws_iam_role_policy.task,
    aws_iam_role_policy_attachment.execution,
    aws_lb_listener_rule.deliveries,
    aws_rds_cluster_instance.bridge,
    aws_secretsmanager_secret_version.api_key,
  ]
}
