# CloudWatch extracts metrics from this log (embedded metric format).
resource "aws_cloudwatch_log_group" "metrics" {
  count = var.collector_image == null ? 0 : 1

  name_prefix       = "${var.name}-metrics-"
  retention_in_days = 7
}

locals {
  collector = [for image in var.collector_image[*] : {
    name  = "collector"
    image = image
    # The bridge runs without it.
    essential       = false
    memory          = 256
    linuxParameters = { capabilities = { drop = ["ALL"] } }
    environment = [{
      name  = "AOT_CONFIG_CONTENT"
      value = <<-YAML
        receivers:
          prometheus:
            config:
              scrape_configs:
                - job_name: defender-bridge
                  scrape_interval: 60s
                  static_configs:
                    - targets: ["127.0.0.1:9090"]
                      labels:
                        bridge: ${var.name}
                  metric_relabel_configs:
                    - source_labels: [__name__]
                      action: keep
                      regex: >-
                        defender_bridge_(account_denied|clock_trusted|dead_letters_dropped_total|deliveries_total|queue_deliveries|queue_oldest_age_seconds|store_up)
        exporters:
          awsemf:
            region: ${local.region}
            namespace: DefenderBridge
            log_group_name: ${aws_cloudwatch_log_group.metrics[0].name}
            dimension_rollup_option: NoDimensionRollup
            metric_declarations:
              - dimensions: [[bridge]]
                metric_name_selectors:
                  - ^defender_bridge_(account_denied|clock_trusted|dead_letters_dropped_total|store_up)
              - dimensions: [[bridge, outcome]]
                metric_name_selectors:
                  - ^defender_bridge_deliveries_total
              - dimensions: [[bridge, state]]
                metric_name_selectors:
                  - ^defender_bridge_queue_(deliveries|oldest_age_seconds)
        service:
          pipelines:
            metrics:
              receivers: [prometheus]
              exporters: [awsemf]
      YAML
    }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.bridge.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "collector"
      }
    }
  }]
}

resource "aws_sns_topic" "alerts" {
  count = var.alert_email == null ? 0 : 1

  name         = "${var.name}-alerts"
  display_name = "Defender Bridge"
}

resource "aws_sns_topic_policy" "alerts" {
  count = var.alert_email == null ? 0 : 1

  arn = aws_sns_topic.alerts[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alerts[0].arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alerts" {
  count = var.alert_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alerts[0].arn
  protocol  = "email"
  endpoint  = var.alert_email
}

locals {
  alarms_of_aws = {
    no-healthy-task = {
      description  = "No task is healthy. SNS and EventBridge retry; deliveries are late. Read the service's events and the log."
      namespace    = "AWS/ApplicationELB"
      metric       = "HealthyHostCount"
      dimensions   = { LoadBalancer = aws_lb.bridge.arn_suffix, TargetGroup = aws_lb_target_group.bridge.arn_suffix }
      statistic    = "Maximum"
      period       = 60
      periods      = 3
      comparison   = "LessThanThreshold"
      threshold    = 1
      missing_data = "breaching"
    }
    database-capacity = {
      description  = "The database uses more than 90 % of database_capacity. Raise database_capacity."
      namespace    = "AWS/RDS"
      metric       = "ACUUtilization"
      dimensions   = { DBClusterIdentifier = aws_rds_cluster.bridge.cluster_identifier }
      statistic    = "Average"
      period       = 300
      periods      = 3
      comparison   = "GreaterThanThreshold"
      threshold    = 90
      missing_data = "notBreaching"
    }
  }
  alarms_of_the_collector = {
    store-down = {
      description  = "A task cannot reach its database, or no metrics arrive. See the runbook of DefenderBridgeStoreDown, and the log of the collector."
      namespace    = "DefenderBridge"
      metric       = "defender_bridge_store_up"
      dimensions   = { bridge = var.name }
      statistic    = "Minimum"
      period       = 60
      periods      = 3
      comparison   = "LessThanThreshold"
      threshold    = 1
      missing_data = "breaching"
    }
    dead-letters = {
      description  = "There are dead letters. See the runbook of DefenderBridgeDeadLetters."
      namespace    = "DefenderBridge"
      metric       = "defender_bridge_queue_deliveries"
      dimensions   = { bridge = var.name, state = "dead" }
      statistic    = "Maximum"
      period       = 60
      periods      = 2
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      missing_data = "notBreaching"
    }
    dead-letters-dropped = {
      description  = "Dead letters exceeded a limit and were dropped. See the runbook of DefenderBridgeDeadLettersDropped."
      namespace    = "DefenderBridge"
      metric       = "defender_bridge_dead_letters_dropped_total"
      dimensions   = { bridge = var.name }
      statistic    = "Sum"
      period       = 300
      periods      = 1
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      missing_data = "notBreaching"
    }
    deliveries-wait = {
      description  = "Deliveries wait for a worker; findings are late. See the runbook of DefenderBridgeDeliveriesWait."
      namespace    = "DefenderBridge"
      metric       = "defender_bridge_queue_oldest_age_seconds"
      dimensions   = { bridge = var.name, state = "pending" }
      statistic    = "Maximum"
      period       = 60
      periods      = 3
      comparison   = "GreaterThanThreshold"
      threshold    = 300
      missing_data = "notBreaching"
    }
    deliveries-deferred = {
      description  = "The bridge defers deliveries (503). SNS drops messages after an hour. See the runbook of DefenderBridgeDeliveriesDeferred."
      namespace    = "DefenderBridge"
      metric       = "defender_bridge_deliveries_total"
      dimensions   = { bridge = var.name, outcome = "deferred" }
      statistic    = "Sum"
      period       = 60
      periods      = 5
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      missing_data = "notBreaching"
    }
    account-denied = {
      description  = "AWS denies access for an account and Region; its deliveries wait. See the runbook of DefenderBridgeAccountDenied."
      namespace    = "DefenderBridge"
      metric       = "defender_bridge_account_denied"
      dimensions   = { bridge = var.name }
      statistic    = "Maximum"
      period       = 60
      periods      = 5
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      missing_data = "notBreaching"
    }
    clock-not-trusted = {
      description  = "The clock of a task differs from AWS's. See the runbook of DefenderBridgeClockNotTrusted."
      namespace    = "DefenderBridge"
      metric       = "defender_bridge_clock_trusted"
      dimensions   = { bridge = var.name }
      statistic    = "Minimum"
      period       = 300
      periods      = 3
      comparison   = "LessThanThreshold"
      threshold    = 1
      missing_data = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "bridge" {
  for_each = merge(local.alarms_of_aws, var.collector_image == null ? {} : local.alarms_of_the_collector)

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing_data
  alarm_actions       = aws_sns_topic.alerts[*].arn
  ok_actions          = aws_sns_topic.alerts[*].arn
}
