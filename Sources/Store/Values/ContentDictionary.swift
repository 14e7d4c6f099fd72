import Compression

/// The texts that findings are likely to contain, with which their contents are compressed.
enum ContentDictionary {
    /// The dictionary of version 1. It must never change: stored contents refer to it. A later version gets a new one.
    static let version1 = TextCompressor(dictionary: Array(version1Parts.joined().utf8))

    // The likeliest texts are at the end. With them, a finding of an audit takes a fifth of its length.
    private static let version1Parts = [
        #"AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIV"#,
        #"E_CHECK CA_CERTIFICATE_KEY_QUALITY_CHECK CONFLICTING_CLIENT_IDS_CHECK DEVICE_CERTIFICATE_AGE_CHE"#,
        #"CK DEVICE_CERTIFICATE_SHARED_CHECK INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK "#,
        #"IOT_POLICY_OVERLY_PERMISSIVE_CHECK IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK IOT_ROLE_ALIAS_AL"#,
        #"LOWS_ACCESS_TO_UNUSED_SERVICES_CHECK IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK LOGGING_DISABLED_CHE"#,
        #"CK REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK DEVIC"#,
        #"E_CERTIFICATE_KEY_QUALITY_CHECK CA_CERTIFICATE_EXPIRING_CHECK DEVICE_CERTIFICATE_EXPIRING_CHECK "#,
        #"ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS CERTIFICATE_APPROACHING_EXPIRATION CERTIFICATE_PAS"#,
        #"T_EXPIRATION CERTIFICATE_PAST_AGE_THRESHOLD CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES DUPLICATE_CLI"#,
        #"ENT_ID_ACROSS_CONNECTIONS CERTIFICATE_REVOKED_BY_ISSUER "#,
        #"IOT_POLICY ROLE_ALIAS CLIENT_ID COGNITO_IDENTITY_POOL CA_CERTIFICATE DEVICE_CERTIFICATE ACCOUNT_"#,
        #"SETTINGS ON_DEMAND_AUDIT_TASK SCHEDULED_AUDIT_TASK COMPLETED_NON_COMPLIANT ap-southeast-1 eu-cen"#,
        #"tral-1 us-west-2 eu-west-1 us-east-1 INFORMATIONAL CRITICAL HIGH LOW "#,
        #""Note":{"Text":"","UpdatedAt":"","UpdatedBy":"defender-bridge"},"Related findings: "Workflow":{""#,
        #"Status":"NEW"}Unusual Behaviors/IoT Device/ "#,
        #"{"AwsAccountId":"","Compliance":{"Status":"PASSED"},"CreatedAt":"2026-01-01T00:00:00.000Z","Desc"#,
        #"ription":"Thing  violated behavior  of security profile : observed value , expected .","FindingP"#,
        #"roviderFields":{"Severity":{"Label":"LOW","Original":"LOW"},"Types":["Unusual Behaviors/IoT Devi"#,
        #"ce/"]},"FirstObservedAt":"20","GeneratorId":"","Id":"arn:aws:iot-device-defender:us-east-1::dete"#,
        #"ct/violation/","LastObservedAt":"20","ProductArn":"arn:aws:securityhub:us-east-1::product//defau"#,
        #"lt","ProductFields":{"BehaviorName":"","ComparisonOperator":"less-than-equals","ConfidenceLevel""#,
        #":"HIGH","MetricName":"aws:num-authorization-failures","ProviderName":"IoTDeviceDefender","Provid"#,
        #"erVersion":"2.0","ReportType":"DetectAlarm","SecurityProfileName":"","ThingName":"","Value":"",""#,
        #"ViolationEventType":"in-alarm","ViolationId":"","ViolationTime":"17"},"RecordState":"ACTIVE","Re"#,
        #"sources":[{"Details":{"Other":{"ThingName":""}},"Id":"arn:aws:iot:us-east-1::thing/","Partition""#,
        #":"aws","Region":"us-east-1","Type":"Other"}] "#,
        #"{"AwsAccountId":"","Compliance":{"Status":"FAILED"},"CreatedAt":"2026-01-01T00:00:00.000Z","Desc"#,
        #"ription":"Device certificate  failed DEVICE_CERTIFICATE_EXPIRING_CHECK: The resource is not comp"#,
        #"liant.","FindingProviderFields":{"Severity":{"Label":"MEDIUM","Original":"MEDIUM"},"Types":["Sof"#,
        #"tware and Configuration Checks/AWS IoT Device Defender/"]},"FirstObservedAt":"20","GeneratorId":"#,
        #""arn:aws:iot:us-east-1::scheduledaudit/","Id":"arn:aws:iot-device-defender:us-east-1::audits/fin"#,
        #"ding/","LastObservedAt":"20","ProductArn":"arn:aws:securityhub:us-east-1::product//default","Pro"#,
        #"ductFields":{"CheckName":"","FindingId":"","IsSuppressed":"false","ProviderName":"IoTDeviceDefen"#,
        #"der","ProviderVersion":"2.0","ReasonForNonComplianceCode":"","ReportType":"AuditFinding","Resour"#,
        #"ceType":"DEVICE_CERTIFICATE","ScheduledAuditName":"","TaskId":"","TaskStartTime":"17","TaskType""#,
        #":"SCHEDULED_AUDIT_TASK"},"RecordState":"ARCHIVED","Remediation":{"Recommendation":{"Text":"Issue"#,
        #" a new certificate, attach the same policies and thing to it, and install it on the device befor"#,
        #"e the old one expires. Deactivate the old certificate when the device has connected with the new"#,
        #" one.","Url":"https://console.aws.amazon.com/iot/home?region=us-east-1#/dd/audit/results/"}},"Re"#,
        #"sources":[{"Details":{"Other":{"DeviceCertificateId":""}},"Id":"arn:aws:iot:us-east-1::cert/","P"#,
        #"artition":"aws","Region":"us-east-1","Type":"Other"}],"SchemaVersion":"2018-10-08","Severity":{""#,
        #"Label":"MEDIUM","Original":"MEDIUM"},"SourceUrl":"https://console.aws.amazon.com/iot/home?region"#,
        #"=us-east-1#/dd/audit/results/","Title":"Device certificate expires soon or has expired: ","Types"#,
        #"":["Software and Configuration Checks/AWS IoT Device Defender/"],"UpdatedAt":"2026-"#,
    ]
}
