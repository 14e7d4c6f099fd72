/// What is known about one of Device Defender's checks (AWS IoT Device Defender Developer Guide, "Audit checks").
struct AuditCheckProfile: Sendable {
    let name: String
    let severity: Severity
    let title: String
    /// What is true of all resources when none fails the check, as the end of a sentence.
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
                "Deactivate the CA certificate in AWS IoT and turn off automatic registration for it. Find the "
                + "device certificates that it has signed, replace those that may have been made by somebody else, and "
                + "register a new CA certificate before devices need it."),
        AuditCheckProfile(
            name: "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK", severity: .critical,
            title: "Intermediate CA was revoked but its device certificates are still active",
            passed: "no active device certificate was issued by a revoked intermediate CA",
            remediation: "List the active device certificates that the revoked intermediate CA has issued. Give those "
                + "devices certificates of another issuer, then deactivate or revoke the old ones."),
        AuditCheckProfile(
            name: "CA_CERTIFICATE_KEY_QUALITY_CHECK", severity: .critical,
            title: "CA certificate has a weak key",
            passed: "no CA certificate has a weak key",
            remediation: "Register a new CA certificate with an RSA key of at least 2048 bits or an elliptic curve key "
                + "from a generator without known faults. Move the devices to certificates that it has signed, then "
                + "deactivate the weak CA certificate.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "CA_CERTIFICATE_EXPIRING_CHECK", severity: .medium,
            title: "CA certificate expires soon or has expired",
            passed: "no CA certificate expires soon or has expired",
            remediation: "Register a new CA certificate in time and sign new device certificates with it. Once no "
                + "device depends on the old CA certificate, deactivate it."),
    ]

    private static let deviceCertificates = [
        AuditCheckProfile(
            name: "DEVICE_CERTIFICATE_SHARED_CHECK", severity: .critical,
            title: "Device certificate is used by several devices",
            passed: "no device certificate is used by several devices",
            remediation:
                "Give every device a certificate and a private key of its own. Find out whether the shared key "
                + "was copied by an attacker; if so, revoke the certificate and isolate the devices that use it.",
            showsUnusualBehavior: true),
        AuditCheckProfile(
            name: "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK", severity: .critical,
            title: "Device certificate has a weak key",
            passed: "no device certificate has a weak key",
            remediation: "Make a new key pair on the device with a generator without known faults, issue a certificate "
                + "for it, attach the same policies and thing, and revoke the weak certificate once the device has "
                + "connected with the new one.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK", severity: .medium,
            title: "Device certificate was revoked but is still active",
            passed: "no revoked device certificate is active",
            remediation: "Find out why the issuer revoked the certificate. Give the device a new certificate if it is "
                + "still trusted, then deactivate or revoke the old one in AWS IoT."),
        AuditCheckProfile(
            name: "DEVICE_CERTIFICATE_EXPIRING_CHECK", severity: .medium,
            title: "Device certificate expires soon or has expired",
            passed: "no device certificate expires soon or has expired",
            remediation:
                "Issue a new certificate, attach the same policies and thing to it, and bring it to the device "
                + "before the old one expires. Deactivate the old certificate when the device has connected with the "
                + "new one."),
        AuditCheckProfile(
            name: "DEVICE_CERTIFICATE_AGE_CHECK", severity: .low,
            title: "Device certificate is older than the fleet's limit",
            passed: "no device certificate is older than the fleet's limit",
            remediation: "Rotate the device's certificate: issue a new one, bring it to the device, and deactivate the "
                + "old one. If the certificate is meant to live longer, raise the check's age threshold."),
        AuditCheckProfile(
            name: "CONFLICTING_CLIENT_IDS_CHECK", severity: .high,
            title: "Several devices connect with the same client id",
            passed: "no devices connect with the same client ID",
            remediation: "Give every device a client id of its own, best its thing name, and let the policy allow no "
                + "other. If a device was cloned, revoke its certificate.",
            showsUnusualBehavior: true),
    ]

    private static let permissions = [
        AuditCheckProfile(
            name: "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", severity: .critical,
            title: "AWS IoT policy allows too much",
            passed: "no AWS IoT policy allows too much",
            remediation: "Make a new version of the policy that allows each device only the client id and topics it "
                + "needs, with thing policy variables in place of wildcards, and set it as the default version.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK", severity: .medium,
            title: "AWS IoT policy may not deny what it is meant to deny",
            passed: "AWS IoT policies deny what they are meant to deny",
            remediation:
                "MQTT wildcards have no special meaning in policy resources, and a device can subscribe with a "
                + "filter wider than the topic that is denied. Rewrite the deny statements with policy wildcards for "
                + "both topics and topic filters, and set the new version as the default.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", severity: .critical,
            title: "Role behind the role alias allows too much",
            passed: "no role behind a role alias allows too much",
            remediation: "Narrow down the policies of the role that the alias points to, to the actions and resources "
                + "that devices need, or point the alias to a role that allows only those.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK", severity: .medium,
            title: "Role behind the role alias allows services that devices do not use",
            passed: "no role behind a role alias allows services that devices do not use",
            remediation: "Look up the role's last accessed services in IAM and remove the permissions for those that "
                + "devices have not used in the past year."),
        AuditCheckProfile(
            name: "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", severity: .critical,
            title: "Unauthenticated Cognito role allows too much",
            passed: "no unauthenticated Cognito role allows too much",
            remediation:
                "Anybody can assume the pool's unauthenticated role. Remove administrative AWS IoT actions and "
                + "wildcards from its policies, or turn off unauthenticated access to the identity pool.",
            hasSeveralReasonCodes: true),
        AuditCheckProfile(
            name: "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", severity: .critical,
            title: "Authenticated Cognito role allows too much",
            passed: "no authenticated Cognito role allows too much",
            remediation: "Limit the pool's authenticated role to the AWS IoT actions that users need, on things and "
                + "topics that belong to the user, for example by Cognito's policy variables.",
            hasSeveralReasonCodes: true),
    ]

    private static let settings = [
        AuditCheckProfile(
            name: "LOGGING_DISABLED_CHECK", severity: .low,
            title: "AWS IoT logging is disabled",
            passed: "AWS IoT logging is enabled",
            remediation: "Turn on AWS IoT logging to CloudWatch Logs in the Region, at least at the level of errors, "
                + "with a role that may write the logs.")
    ]
}

extension AuditCheck {
    /// The checks known here, with all that ``AuditCheck`` tells about them.
    public static let known: [AuditCheck] = AuditCheckProfile.all.map { AuditCheck(knownName: $0.name) }
}
