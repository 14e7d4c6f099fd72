/// Texts and properties of a documented audit check (AWS IoT Device Defender Developer Guide, "Audit checks").
struct AuditCheckProfile: Sendable {
    let name: String
    let severity: Severity
    let title: String
    /// The statement that holds when the check passes, as the end of a sentence.
    let passed: String
    let remediation: String
    var hasSeveralReasonCodes = false
    var showsUnusualBehavior = false

    static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    static let all: [AuditCheckProfile] = certificateAuthorities + deviceCertificates + permissions + settings

    private static let certificateAuthorities = [
        AuditCheckProfile(
            name: "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK", severity: .critical,
            title: "CA certificate was revoked but is still active",
            passed: "no revoked CA certificate is active",
            remediation:
                "Deactivate the CA certificate in AWS IoT and disable automatic registration for it. Identify the "
                + "device certificates that it has signed, revoke those that the fleet's owner did not issue, and "
                + "register a new CA certificate."),
        AuditCheckProfile(
            name: "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK", severity: .critical,
            title: "Intermediate CA was revoked but its device certificates are still active",
            passed: "no active device certificate was issued by a revoked intermediate CA",
            remediation: "Identify the active device certificates that the revoked intermediate CA has issued. Issue "
                + "those devices new certificates from another CA, then deactivate or revoke the old ones."),
        AuditCheckProfile(
            name: "CA_CERTIFICATE_KEY_QUALITY_CHECK", severity: .critical,
            title: "CA certificate has a weak key",
            passed: "no CA certificate has a weak key",
            remediation: "Register a new CA certificate with an RSA key of at least 2048 bits or an elliptic curve key "
                + "that is not affected by known vulnerabilities. Issue new device certificates from it, then "
                + "deactivate the old CA certificate.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "CA_CERTIFICATE_EXPIRING_CHECK", severity: .medium,
            title: "CA certificate expires soon or has expired",
            passed: "no CA certificate expires soon or has expired",
            remediation: "Register a new CA certificate and issue new device certificates from it. When no "
                + "device uses a certificate of the old CA any more, deactivate the old CA certificate."),
    ]

    private static let deviceCertificates = [
        AuditCheckProfile(
            name: "DEVICE_CERTIFICATE_SHARED_CHECK", severity: .critical,
            title: "Device certificate is shared by several devices",
            passed: "no device certificate is shared by several devices",
            remediation:
                "Issue every device its own certificate and private key. Investigate whether the shared key "
                + "was stolen; if so, revoke the certificate and isolate the devices that use it.",
            showsUnusualBehavior: true),
        AuditCheckProfile(
            name: "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK", severity: .critical,
            title: "Device certificate has a weak key",
            passed: "no device certificate has a weak key",
            remediation: "Generate a new key pair on the device with software that is not affected by known "
                + "vulnerabilities, issue a certificate for it, attach the same policies and thing, and revoke the old certificate when the device has "
                + "connected with the new one.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK", severity: .medium,
            title: "Device certificate was revoked but is still active",
            passed: "no revoked device certificate is active",
            remediation: "Find out why the issuer revoked the certificate. Issue the device a new certificate if it is "
                + "still trusted, then deactivate or revoke the old one in AWS IoT."),
        AuditCheckProfile(
            name: "DEVICE_CERTIFICATE_EXPIRING_CHECK", severity: .medium,
            title: "Device certificate expires soon or has expired",
            passed: "no device certificate expires soon or has expired",
            remediation:
                "Issue a new certificate, attach the same policies and thing to it, and install it on the device "
                + "before the old one expires. Deactivate the old certificate when the device has connected with the "
                + "new one."),
        AuditCheckProfile(
            name: "DEVICE_CERTIFICATE_AGE_CHECK", severity: .low,
            title: "Device certificate is older than the check's threshold",
            passed: "no device certificate is older than the check's threshold",
            remediation: "Rotate the device's certificate: issue a new one, install it on the device, and deactivate "
                + "the old one. If certificates may be older, raise the check's age threshold."),
        AuditCheckProfile(
            name: "CONFLICTING_CLIENT_IDS_CHECK", severity: .high,
            title: "Several devices connect with the same client ID",
            passed: "no devices connect with the same client ID",
            remediation: "Assign every device a unique client ID, preferably its thing name, and allow only that ID in "
                + "its policy. If a device was cloned, revoke its certificate.",
            showsUnusualBehavior: true),
    ]

    private static let permissions = [
        AuditCheckProfile(
            name: "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", severity: .critical,
            title: "AWS IoT policy is overly permissive",
            passed: "no AWS IoT policy is overly permissive",
            remediation: "Create a new version of the policy that allows each device only the client ID and topics it "
                + "needs, with thing policy variables instead of wildcards, and set it as the default version.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK", severity: .medium,
            title: "AWS IoT policy has potentially ineffective deny statements",
            passed: "no AWS IoT policy has potentially ineffective deny statements",
            remediation:
                "MQTT wildcards have no special meaning in policy resources, and a device can subscribe with a "
                + "filter that is wider than the denied topic. Rewrite the deny statements with policy wildcards for "
                + "both topics and topic filters, and set the new version as the default.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", severity: .critical,
            title: "IAM role of a role alias is overly permissive",
            passed: "no IAM role of a role alias is overly permissive",
            remediation: "Restrict the policies of the role that the alias points to, to the actions and resources "
                + "that devices need, or point the alias to a role with only those permissions.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK", severity: .medium,
            title: "IAM role of a role alias allows access to unused services",
            passed: "no IAM role of a role alias allows access to unused services",
            remediation: "Check the role's last accessed services in IAM and remove the permissions for services that "
                + "devices have not used in the past year."),
        AuditCheckProfile(
            name: "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", severity: .critical,
            title: "Unauthenticated Cognito role is overly permissive",
            passed: "no unauthenticated Cognito role is overly permissive",
            remediation:
                "Anyone can assume the pool's unauthenticated role. Remove administrative AWS IoT actions and "
                + "wildcards from its policies, or disable unauthenticated access to the identity pool.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", severity: .critical,
            title: "Authenticated Cognito role is overly permissive",
            passed: "no authenticated Cognito role is overly permissive",
            remediation: "Restrict the pool's authenticated role to the AWS IoT actions that users need, on things and "
                + "topics that belong to the user, for example with Cognito policy variables.",
            hasSeveralReasonCodes: true),
    ]

    private static let settings = [
        AuditCheckProfile(
            name: "LOGGING_DISABLED_CHECK", severity: .low,
            title: "AWS IoT logging is disabled",
            passed: "AWS IoT logging is enabled",
            remediation: "Enable AWS IoT logging to CloudWatch Logs in the Region, with log level ERROR or more "
                + "verbose, and a role that may write the logs.")
    ]
}

extension AuditCheck {
    /// The documented checks.
    package static let known: [AuditCheck] = AuditCheckProfile.all.map { AuditCheck(knownName: $0.name) }
}
