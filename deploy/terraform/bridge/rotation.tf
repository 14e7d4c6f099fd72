# Tasks read the password of the database when they start. Sessions stay open after a rotation; new ones need the new password.
# Requires a CloudTrail trail that logs management events.
resource "aws_cloudwatch_event_rule" "rotation" {
  name        = "${var.name}-rotation"
  description = "Replaces the tasks of Defender Bridge when RDS has rotated the password of the database"
  event_pattern = jsonencode({
    source        = ["aws.secretsmanager"]
    "detail-type" = ["AWS Service Event via CloudTrail"]
    detail = {
      eventSource         = ["secretsmanager.amazonaws.com"]
      eventName           = ["RotationSucceeded"]
      additionalEventData = { SecretId = [local.database_secret] }
    }
  })
}

resource "aws_cloudwatch_event_target" "rotation" {
  rule     = aws_cloudwatch_event_rule.rotation.name
  arn      = aws_sfn_state_machine.replace_tasks.arn
  role_arn = aws_iam_role.rotation["events"].arn
}

resource "aws_sfn_state_machine" "replace_tasks" {
  name     = "${var.name}-replace-tasks"
  role_arn = aws_iam_role.rotation["states"].arn
  definition = jsonencode({
    Comment = "Replaces the tasks of Defender Bridge, one after another"
    StartAt = "ReplaceTasks"
    States = {
      ReplaceTasks = {
        Type     = "Task"
        Resource = "arn:${local.partition}:states:::aws-sdk:ecs:updateService"
        Parameters = {
          Cluster            = aws_ecs_cluster.bridge.name
          Service            = aws_ecs_service.bridge.name
          ForceNewDeployment = true
        }
        Retry = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 30, MaxAttempts = 5, BackoffRate = 2 }]
        End   = true
      }
    }
  })
}

data "aws_iam_policy_document" "rotation_assumes" {
  for_each = toset(["events", "states"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.value}.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "rotation" {
  for_each = {
    events = "Lets Amazon EventBridge start the replacement of the tasks of Defender Bridge"
    states = "Lets AWS Step Functions replace the tasks of Defender Bridge"
  }

  name               = "${var.name}-rotation-${each.key}"
  description        = each.value
  assume_role_policy = data.aws_iam_policy_document.rotation_assumes[each.key].json
}

resource "aws_iam_role_policy" "rotation" {
  for_each = {
    events = { action = "states:StartExecution", resource = aws_sfn_state_machine.replace_tasks.arn }
    states = { action = "ecs:UpdateService", resource = aws_ecs_service.bridge.id }
  }

  name = "tasks"
  role = aws_iam_role.rotation[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = each.value.action, Resource = each.value.resource }]
  })
}
