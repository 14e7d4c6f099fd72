data "aws_iam_policy_document" "ecs_assumes" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  description        = "Lets Amazon ECS start the tasks of Defender Bridge"
  assume_role_policy = data.aws_iam_policy_document.ecs_assumes.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "secrets" {
  name = "secrets"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = [aws_secretsmanager_secret.api_key.arn, local.database_secret]
    }]
  })
}

resource "aws_iam_role" "task" {
  name               = var.name
  description        = "Role of the tasks of Defender Bridge"
  assume_role_policy = data.aws_iam_policy_document.ecs_assumes.json
}

module "permissions" {
  source = "../permissions"
}

data "aws_iam_policy_document" "task" {
  source_policy_documents = [module.permissions.json]

  statement {
    sid = "RunCommandsInTasks"
    actions = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = aws_cloudwatch_log_group.metrics[*].arn

    content {
      sid       = "WriteMetrics"
      actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      resources = ["${statement.value}:*"]
    }
  }

  dynamic "statement" {
    for_each = var.member_role_name[*]

    content {
      sid       = "AssumeMemberRoles"
      actions   = ["sts:AssumeRole"]
      resources = ["arn:${local.partition}:iam::*:role/${statement.value}"]
    }
  }
}

resource "aws_iam_role_policy" "task" {
  name   = "defender-bridge"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}
