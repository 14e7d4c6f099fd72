# The AWS provider has no resources for Device Defender, so AWS Cloud Control creates them.
locals {
  has_audit_configuration = var.enable_audit && !var.existing_audit_configuration

  audit_checks = {
    AuthenticatedCognitoRoleOverlyPermissiveCheck         = "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK"
    CaCertificateExpiringCheck                            = "CA_CERTIFICATE_EXPIRING_CHECK"
    CaCertificateKeyQualityCheck                          = "CA_CERTIFICATE_KEY_QUALITY_CHECK"
    ConflictingClientIdsCheck                             = "CONFLICTING_CLIENT_IDS_CHECK"
    DeviceCertificateAgeCheck                             = "DEVICE_CERTIFICATE_AGE_CHECK"
    DeviceCertificateExpiringCheck                        = "DEVICE_CERTIFICATE_EXPIRING_CHECK"
    DeviceCertificateKeyQualityCheck                      = "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK"
    DeviceCertificateSharedCheck                          = "DEVICE_CERTIFICATE_SHARED_CHECK"
    IntermediateCaRevokedForActiveDeviceCertificatesCheck = "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK"
    IoTPolicyPotentialMisConfigurationCheck               = "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK"
    IotPolicyOverlyPermissiveCheck                        = "IOT_POLICY_OVERLY_PERMISSIVE_CHECK"
    IotRoleAliasAllowsAccessToUnusedServicesCheck         = "IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK"
    IotRoleAliasOverlyPermissiveCheck                     = "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK"
    LoggingDisabledCheck                                  = "LOGGING_DISABLED_CHECK"
    RevokedCaCertificateStillActiveCheck                  = "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK"
    RevokedDeviceCertificateStillActiveCheck              = "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"
    UnauthenticatedCognitoRoleOverlyPermissiveCheck       = "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK"
  }
}

resource "aws_iam_role" "audit" {
  count = local.has_audit_configuration ? 1 : 0

  name_prefix        = "device-defender-audit-"
  description        = "Lets AWS IoT Device Defender read the account's settings for audits"
  assume_role_policy = data.aws_iam_policy_document.device_defender_assumes.json
}

resource "aws_iam_role_policy_attachment" "audit" {
  count = local.has_audit_configuration ? 1 : 0

  role       = aws_iam_role.audit[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AWSIoTDeviceDefenderAudit"
}

resource "aws_cloudcontrolapi_resource" "audit_configuration" {
  count = local.has_audit_configuration ? 1 : 0

  type_name = "AWS::IoT::AccountAuditConfiguration"
  desired_state = jsonencode({
    AccountId = local.account
    RoleArn   = aws_iam_role.audit[0].arn
    AuditNotificationTargetConfigurations = {
      Sns = {
        TargetArn = aws_sns_topic.audit.arn
        RoleArn   = aws_iam_role.publishing.arn
        Enabled   = true
      }
    }
    AuditCheckConfigurations = { for check in keys(local.audit_checks) : check => { Enabled = true } }
  })

  depends_on = [aws_iam_role_policy.publish, aws_iam_role_policy_attachment.audit]
}

resource "aws_cloudcontrolapi_resource" "daily_audit" {
  count = var.enable_audit ? 1 : 0

  type_name = "AWS::IoT::ScheduledAudit"
  desired_state = jsonencode({
    ScheduledAuditName = "${var.name_prefix}DailyAudit"
    Frequency          = "DAILY"
    TargetCheckNames   = sort(values(local.audit_checks))
  })

  depends_on = [aws_cloudcontrolapi_resource.audit_configuration]
}
