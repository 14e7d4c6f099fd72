import JSON

/// One failure of each Device Defender check for each of its reason codes (AWS IoT Device Defender Developer Guide,
/// "Audit checks").
struct CheckSample {
    let check: String
    let type: String
    let identifier: JSON
    let reasons: [String]

    private static let deviceCertificate: JSON = ["deviceCertificateId": .string(Samples.certificateID)]
    private static let caCertificate: JSON = ["caCertificateId": .string(Samples.certificateID)]
    private static let identityPool: JSON = [
        "cognitoIdentityPoolId": "us-east-1:0ff1ce00-1234-5678-9abc-def012345678"
    ]
    private static let policy: JSON = [
        "policyVersionIdentifier": ["policyName": "FleetPolicy", "policyVersionId": "3"]
    ]
    private static let roleAlias: JSON = ["roleAliasArn": "arn:aws:iot:us-east-1:111122223333:rolealias/fleet"]
    private static let issuer: JSON = [
        "issuerCertificateIdentifier": [
            "issuerCertificateSubject": "CN=Fleet CA 2,O=Example", "issuerId": "0xabcdef",
            "issuerCertificateSerialNumber": "01:02:03",
        ]
    ]

    private static let weakKeys = [
        "CERTIFICATE_KEY_VULNERABILITY_CVE-2017-15361", "CERTIFICATE_KEY_VULNERABILITY_CVE-2008-0166",
    ]
    private static let expirations = ["CERTIFICATE_APPROACHING_EXPIRATION", "CERTIFICATE_PAST_EXPIRATION"]

    private init(_ check: String, _ type: String, _ identifier: JSON, _ reasons: [String]) {
        self.check = check
        self.type = type
        self.identifier = identifier
        self.reasons = reasons
    }

    static let all = certificates + permissions + settings

    private static let certificates = [
        CheckSample(
            "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK", "CA_CERTIFICATE", caCertificate,
            ["CERTIFICATE_REVOKED_BY_ISSUER"]),
        CheckSample(
            "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK", "ISSUER_CERTIFICATE", issuer,
            ["INTERMEDIATE_CA_REVOKED_BY_ISSUER"]),
        CheckSample("CA_CERTIFICATE_KEY_QUALITY_CHECK", "CA_CERTIFICATE", caCertificate, weakKeys),
        CheckSample("CA_CERTIFICATE_EXPIRING_CHECK", "CA_CERTIFICATE", caCertificate, expirations),
        CheckSample(
            "DEVICE_CERTIFICATE_SHARED_CHECK", "DEVICE_CERTIFICATE", deviceCertificate,
            ["CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES"]),
        CheckSample("DEVICE_CERTIFICATE_KEY_QUALITY_CHECK", "DEVICE_CERTIFICATE", deviceCertificate, weakKeys),
        CheckSample("DEVICE_CERTIFICATE_EXPIRING_CHECK", "DEVICE_CERTIFICATE", deviceCertificate, expirations),
        CheckSample(
            "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK", "DEVICE_CERTIFICATE", deviceCertificate,
            ["CERTIFICATE_REVOKED_BY_ISSUER"]),
        CheckSample(
            "DEVICE_CERTIFICATE_AGE_CHECK", "DEVICE_CERTIFICATE", deviceCertificate, ["CERTIFICATE_PAST_AGE_THRESHOLD"]),
    ]

    private static let permissions = [
        CheckSample(
            "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", "COGNITO_IDENTITY_POOL", identityPool,
            ["ALLOWS_ACCESS_TO_IOT_ADMIN_ACTIONS", "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS"]),
        CheckSample(
            "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", "COGNITO_IDENTITY_POOL", identityPool,
            [
                "ALLOWS_BROAD_ACCESS_TO_IOT_THING_ADMIN_READ_ACTIONS", "ALLOWS_ACCESS_TO_IOT_NON_THING_ADMIN_ACTIONS",
                "ALLOWS_ACCESS_TO_IOT_THING_ADMIN_WRITE_ACTIONS",
            ]),
        CheckSample(
            "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", "IOT_POLICY", policy,
            ["ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS"]),
        CheckSample(
            "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", "ROLE_ALIAS", roleAlias,
            [
                "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", "ALLOWS_BROAD_ACCESS_TO_IOT_THING_ADMIN_READ_ACTIONS",
                "ALLOWS_ACCESS_TO_IOT_NON_THING_ADMIN_ACTIONS", "ALLOWS_ACCESS_TO_IOT_THING_ADMIN_WRITE_ACTIONS",
                "ALLOWS_BROAD_ACCESS_TO_USED_SERVICES", "ALLOWS_ACCESS_TO_SECURITY_AUDITING_SERVICES",
            ]),
        CheckSample(
            "IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK", "ROLE_ALIAS", roleAlias,
            ["ALLOWS_ACCESS_TO_UNUSED_SERVICES"]),
        CheckSample(
            "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK", "IOT_POLICY", policy,
            [
                "POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT",
                "TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS",
            ]),
    ]

    private static let settings = [
        CheckSample(
            "CONFLICTING_CLIENT_IDS_CHECK", "CLIENT_ID", ["clientId": "pump-17"],
            ["DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS"]),
        CheckSample(
            "LOGGING_DISABLED_CHECK", "ACCOUNT_SETTINGS", ["account": "111122223333"], ["LOGGING_DISABLED"]),
    ]
}
