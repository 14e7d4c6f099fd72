import JSON

/// Messages in AWS's documented formats.
enum Payloads {
    static let alarm: JSON = [
        "violationEventTime": 1_573_786_800_000, "thingName": "pump-17", "violationEventType": "in-alarm",
        "behavior": [
            "name": "MessagesSent-High", "metric": "aws:num-messages-sent", "suppressAlerts": false,
            "metricDimension": ["dimensionName": "topics", "operator": "IN"],
            "criteria": [
                "comparisonOperator": "less-than", "value": ["count": 10], "durationSeconds": 300,
                "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 2,
            ],
        ],
        "metricValue": ["count": 54], "violationId": "37e18651d207bbc74236c13faf146127",
        "securityProfileName": "Fleet", "verificationState": "FALSE_POSITIVE",
        "verificationStateDescription": "lab device", "violationEventAdditionalInfo": ["confidenceLevel": "HIGH"],
        "aFieldOfTomorrow": ["x": 1],
    ]

    static let audit: JSON = [
        "accountId": "111122223333", "taskId": "4e2bcd1ccbc2a5dd15292a82ab80c380", "taskStatus": "COMPLETED",
        "taskType": "SCHEDULED_AUDIT_TASK", "scheduledAuditName": "DailyAudit", "failedChecksCount": 0,
        "canceledChecksCount": 0, "nonCompliantChecksCount": 1, "compliantChecksCount": 16, "totalChecksCount": 17,
        "taskStartTime": 1_524_740_766_191,
        "auditDetails": [
            [
                "checkName": "DEVICE_CERTIFICATE_EXPIRING_CHECK", "checkRunStatus": "COMPLETED_NON_COMPLIANT",
                "nonCompliantResourcesCount": 1, "totalResourcesCount": "1000",
                "suppressedNonCompliantResourcesCount": 0,
            ],
            [
                "checkName": "LOGGING_DISABLED_CHECK", "checkRunStatus": "FAILED",
                "errorCode": "INSUFFICIENT_PERMISSIONS", "message": "The role may not be assumed.",
            ],
        ],
    ]

    static let task: JSON = [
        "taskStatus": "COMPLETED", "taskType": "ON_DEMAND_AUDIT_TASK", "taskStartTime": .number("1524740766.191"),
        "taskStatistics": ["totalChecks": 2],
        "auditDetails": [
            "LOGGING_DISABLED_CHECK": [
                "checkRunStatus": "COMPLETED_COMPLIANT", "checkCompliant": true, "totalResourcesCount": 1,
                "nonCompliantResourcesCount": 0,
            ],
            "CA_CERTIFICATE_EXPIRING_CHECK": ["checkRunStatus": "WAITING_FOR_DATA_COLLECTION"],
        ],
    ]

    static let finding: JSON = [
        "findingId": "1928b87ab338ee2f541f6fab8c41c4f5", "taskId": "4e2bcd1ccbc2a5dd15292a82ab80c380",
        "checkName": "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", "taskStartTime": .number("1524740766.191"),
        "findingTime": .number("1.524740767E9"), "severity": "CRITICAL",
        "nonCompliantResource": [
            "resourceType": "IOT_POLICY",
            "resourceIdentifier": ["policyVersionIdentifier": ["policyName": "FleetPolicy", "policyVersionId": "3"]],
            "additionalInfo": ["NOTE": "a note", "NUMBER": 7],
        ],
        "relatedResources": [
            ["resourceType": "CLIENT_ID", "resourceIdentifier": ["clientId": "pump 17"], "additionalInfo": ["A": "b"]],
            ["resourceType": "CLIENT_ID"],
        ],
        "reasonForNonCompliance": "Policy allows broad access to IoT data plane actions: [iot:Connect].",
        "reasonForNonComplianceCode": "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", "isSuppressed": false,
    ]

    static func event(_ name: String, _ parameters: JSON) -> JSON {
        [
            "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": "AWS API Call via CloudTrail", "source": "aws.iot", "account": "111122223333",
            "time": "2026-11-22T10:00:00Z", "region": "us-east-1", "resources": [],
            "detail": [
                "eventVersion": "1.09", "eventSource": "iot.amazonaws.com", "eventName": .string(name),
                "eventTime": "2026-11-22T10:00:00Z", "awsRegion": "us-east-1", "requestParameters": parameters,
                "responseElements": nil,
            ],
        ]
    }

    static let verification = event(
        "PutVerificationStateOnViolation",
        [
            "violationId": "37e1", "verificationState": "FALSE_POSITIVE",
            "verificationStateDescription": "lab device",
        ])

    static let suppression = event(
        "CreateAuditSuppression",
        [
            "checkName": "DEVICE_CERTIFICATE_EXPIRING_CHECK", "resourceIdentifier": ["deviceCertificateId": "abcdef"],
            "expirationDate": "Aug 20, 2027 12:00:00 AM", "suppressIndefinitely": false, "description": "known",
            "clientRequestToken": "t",
        ])

    static let cancellation = event("CancelAuditTask", ["taskId": "4e2bcd1ccbc2a5dd15292a82ab80c380"])

    /// Invalid values of required fields; nil stands for absence.
    static let unusable: [JSON?] = [Optional<JSON>.none, .some(.null), "", [], true, [1]]

    static let all: [JSON] = [alarm, audit, task, finding, verification, suppression, cancellation]
}

extension JSON {
    /// This value with a member at a path set to another value, or removed (nil).
    func setting(_ path: String..., to value: JSON?) -> JSON { setting(path[...], to: value) }

    private func setting(_ path: ArraySlice<String>, to value: JSON?) -> JSON {
        guard let name = path.first, var members = object else { return self }
        members[name] = path.count == 1 ? value : (members[name] ?? [:]).setting(path.dropFirst(), to: value)
        return .object(members)
    }

    /// Every variant of this value with one part, at any depth, replaced or removed.
    func variants(replacements: [JSON]) -> [JSON] {
        var variants = replacements
        switch self {
        case .object(let members):
            for (name, value) in members {
                variants.append(setting(name.string, to: nil))
                for variant in value.variants(replacements: replacements) {
                    variants.append(setting(name.string, to: variant))
                }
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                for variant in element.variants(replacements: replacements) {
                    var elements = elements
                    elements[index] = variant
                    variants.append(.array(elements))
                }
            }
        default: break
        }
        return variants
    }
}
