import AWSCore
import DeviceDefender
import JSON
import Testing

/// Input for the mapping, made by the parsers of all input.
enum Samples {
    static func accountRegion(_ region: String = "us-east-1") throws -> AccountRegion {
        AccountRegion(account: try #require(AccountID("111122223333")), region: try #require(Region(region)))
    }

    static func alarmJSON(
        name: String = "MessagesSent-High", thing: String = "pump-17", metric: JSON = "aws:num-messages-sent",
        criteria: JSON = countCriteria, value: JSON = ["count": 54], event: String = "in-alarm",
        dimension: JSON = nil, confidence: JSON = nil
    ) -> JSON {
        [
            "violationEventTime": 1_573_786_800_000, "thingName": .string(thing),
            "violationEventType": .string(event),
            "behavior": [
                "name": .string(name), "metric": metric, "criteria": criteria, "suppressAlerts": false,
                "metricDimension": dimension,
            ],
            "violationEventAdditionalInfo": ["confidenceLevel": confidence],
            "metricValue": value, "violationId": "37e18651d207bbc74236c13faf146127", "securityProfileName": "Fleet",
        ]
    }

    static let countCriteria: JSON = [
        "comparisonOperator": "less-than", "value": ["count": 10], "durationSeconds": 300,
        "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1,
    ]

    static func task(scheduledAuditName: JSON = "DailyAudit", status: JSON = "COMPLETED") throws -> AuditTask {
        try AuditTask(
            id: "4e2bcd1ccbc2a5dd15292a82ab80c380",
            description: [
                "taskStatus": status,
                "taskType": scheduledAuditName.isNull ? "ON_DEMAND_AUDIT_TASK" : "SCHEDULED_AUDIT_TASK",
                "taskStartTime": .number("1524740766.191"), "scheduledAuditName": scheduledAuditName,
                "auditDetails": [
                    "DEVICE_CERTIFICATE_EXPIRING_CHECK": [
                        "checkRunStatus": "COMPLETED_NON_COMPLIANT", "nonCompliantResourcesCount": 2,
                        "suppressedNonCompliantResourcesCount": 1, "totalResourcesCount": 1000,
                    ],
                    "LOGGING_DISABLED_CHECK": [
                        "checkRunStatus": "FAILED", "errorCode": "INSUFFICIENT_PERMISSIONS",
                        "message": "The role may not be assumed.",
                    ],
                    "CA_CERTIFICATE_EXPIRING_CHECK": [
                        "checkRunStatus": "COMPLETED_COMPLIANT", "nonCompliantResourcesCount": 0,
                        "suppressedNonCompliantResourcesCount": 2, "totalResourcesCount": 3,
                    ],
                    "DEVICE_CERTIFICATE_AGE_CHECK": ["checkRunStatus": "CANCELED"],
                ],
            ])
    }

    static func findingJSON(
        check: String, type: String, identifier: JSON, reasonCode: JSON = nil, additionalInfo: JSON = nil,
        related: JSON = [], isSuppressed: Bool = false
    ) -> JSON {
        [
            "findingId": "1928b87ab338ee2f541f6fab8c41c4f5", "taskId": "4e2bcd1ccbc2a5dd15292a82ab80c380",
            "checkName": .string(check), "taskStartTime": .number("1524740766.191"),
            "findingTime": .number("1524740767.5"),
            "nonCompliantResource": [
                "resourceType": .string(type), "resourceIdentifier": identifier, "additionalInfo": additionalInfo,
            ],
            "relatedResources": related, "reasonForNonCompliance": "The resource is not compliant.",
            "reasonForNonComplianceCode": reasonCode, "isSuppressed": .bool(isSuppressed),
        ]
    }

    static let certificateID = "7c5c6f7f4a1e0f2b3d4c5b6a79881726354433221100ffeeddccbbaa99887766"

    /// Every type of resource identifier by name, with a check and a resource type that use it.
    static let identifiers: [(name: String, check: String, type: String, identifier: JSON)] = [
        (
            "device-certificate", "DEVICE_CERTIFICATE_EXPIRING_CHECK", "DEVICE_CERTIFICATE",
            ["deviceCertificateId": .string(certificateID)]
        ),
        (
            "device-certificate-with-arn", "DEVICE_CERTIFICATE_AGE_CHECK", "DEVICE_CERTIFICATE",
            [
                "deviceCertificateId": .string(certificateID),
                "deviceCertificateArn": .string("arn:aws:iot:us-east-1:111122223333:cert/\(certificateID)"),
            ]
        ),
        (
            "device-certificate-only-arn", "DEVICE_CERTIFICATE_EXPIRING_CHECK", "DEVICE_CERTIFICATE",
            ["deviceCertificateArn": .string("arn:aws:iot:us-east-1:111122223333:cert/\(certificateID)")]
        ),
        (
            "ca-certificate", "CA_CERTIFICATE_EXPIRING_CHECK", "CA_CERTIFICATE",
            ["caCertificateId": .string(certificateID)]
        ),
        (
            "cognito-identity-pool", "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", "COGNITO_IDENTITY_POOL",
            ["cognitoIdentityPoolId": "us-east-1:0ff1ce00-1234-5678-9abc-def012345678"]
        ),
        ("client-id", "CONFLICTING_CLIENT_IDS_CHECK", "CLIENT_ID", ["clientId": "pump 17/пампа"]),
        (
            "policy-version", "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", "IOT_POLICY",
            ["policyVersionIdentifier": ["policyName": "FleetPolicy", "policyVersionId": "3"]]
        ),
        ("account", "LOGGING_DISABLED_CHECK", "ACCOUNT_SETTINGS", ["account": "111122223333"]),
        (
            "iam-role", "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", "IAM_ROLE",
            ["iamRoleArn": "arn:aws:iam::111122223333:role/service/fleet"]
        ),
        (
            "role-alias", "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", "ROLE_ALIAS",
            ["roleAliasArn": "arn:aws:iot:us-east-1:111122223333:rolealias/fleet"]
        ),
        (
            "issuer-certificate", "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK", "ISSUER_CERTIFICATE",
            [
                "issuerCertificateIdentifier": [
                    "issuerCertificateSubject": "CN=Fleet CA 2,O=Example", "issuerId": "0xabcdef",
                    "issuerCertificateSerialNumber": "01:02:03",
                ]
            ]
        ),
        ("unknown-kind", "SOMETHING_NEW_CHECK", "FLEET", ["fleetId": "f-1", "shard": ["number": 4]]),
    ]
}
