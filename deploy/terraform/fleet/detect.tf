# Security profiles. A behavior's name ends with the severity of its findings.
locals {
  cloud_side_metrics = {
    "AuthorizationFailures-High" = { metric = "aws:num-authorization-failures", criteria = local.none_in_five_minutes }
    "ConnectionAttempts-Low"     = { metric = "aws:num-connection-attempts", criteria = local.none_in_five_minutes }
    "Disconnects-Low"            = { metric = "aws:num-disconnects", criteria = local.none_in_five_minutes }
    "MessageSize-Medium"         = { metric = "aws:message-byte-size", criteria = local.within_p99_of_an_hour }
    "MessagesSent-Medium"        = { metric = "aws:num-messages-sent", criteria = local.within_p99_of_an_hour }
    "MessagesReceived-Medium"    = { metric = "aws:num-messages-received", criteria = local.within_p99_of_an_hour }
  }
  device_side_metrics = {
    "DeviceListeningTCPPorts-High" = { metric = "aws:num-listening-tcp-ports", criteria = local.none }
    "DeviceListeningUDPPorts-High" = { metric = "aws:num-listening-udp-ports", criteria = local.none }
    "DevicePacketsOut-Medium"      = { metric = "aws:all-packets-out", criteria = local.within_p99_of_an_hour }
    "DevicePacketsIn-Medium"       = { metric = "aws:all-packets-in", criteria = local.within_p99_of_an_hour }
  }

  at_once              = { ConsecutiveDatapointsToAlarm = 1, ConsecutiveDatapointsToClear = 1 }
  none                 = merge(local.at_once, { ComparisonOperator = "less-than-equals", Value = { Count = "0" } })
  none_in_five_minutes = merge(local.none, { DurationSeconds = 300 })
  # Criteria state what is normal: at or below the 99th percentile of the fleet.
  within_p99_of_an_hour = merge(local.at_once, {
    ComparisonOperator   = "less-than-equals"
    StatisticalThreshold = { Statistic = "p99" }
    DurationSeconds      = 3600
  })
  learned = { MlDetectionConfig = { ConfidenceLevel = var.detect_ml_confidence_level } }

  security_profiles = {
    IoTDeviceDefenderCloudSideRulesProfile = {
      enabled     = var.enable_rules_detect
      description = "Rules on cloud-side metrics"
      metrics     = local.cloud_side_metrics
      learns      = false
    }
    IoTDeviceDefenderCloudSideMLProfile = {
      enabled     = var.enable_ml_detect
      description = "Machine learning on cloud-side metrics"
      metrics     = local.cloud_side_metrics
      learns      = true
    }
    IoTDeviceDefenderDeviceRulesProfile = {
      enabled     = var.enable_rules_detect && var.device_side_metrics
      description = "Rules on device-side metrics"
      metrics     = local.device_side_metrics
      learns      = false
    }
    IoTDeviceDefenderDeviceMLProfile = {
      enabled     = var.enable_ml_detect && var.device_side_metrics
      description = "Machine learning on device-side metrics"
      metrics     = local.device_side_metrics
      learns      = true
    }
  }

  all_devices = ["arn:${local.partition}:iot:${local.region}:${local.account}:all/things"]
}

resource "aws_cloudcontrolapi_resource" "security_profile" {
  for_each = { for name, profile in local.security_profiles : name => profile if profile.enabled }

  type_name = "AWS::IoT::SecurityProfile"
  desired_state = jsonencode({
    SecurityProfileName        = "${var.name_prefix}${each.key}"
    SecurityProfileDescription = each.value.description
    AlertTargets = {
      SNS = {
        AlertTargetArn = aws_sns_topic.detect.arn
        RoleArn        = aws_iam_role.publishing.arn
      }
    }
    TargetArns = length(var.device_target_arns) == 0 ? local.all_devices : var.device_target_arns
    Behaviors = [for name, behavior in each.value.metrics : {
      Name           = name
      Metric         = behavior.metric
      SuppressAlerts = false
      Criteria       = { for key, value in merge(behavior.criteria, local.learned) : key => value if each.value.learns == (key == "MlDetectionConfig") }
    }]
  })

  depends_on = [aws_iam_role_policy.publish]
}
