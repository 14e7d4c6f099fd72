import Testing

@testable import DeviceDefender

@Suite("Audit checks")
struct AuditCheckTests {
    /// Names and severities as AWS documents them.
    static let documented: [(String, Severity)] = [
        ("REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK", .critical),
        ("INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK", .critical),
        ("DEVICE_CERTIFICATE_SHARED_CHECK", .critical), ("DEVICE_CERTIFICATE_KEY_QUALITY_CHECK", .critical),
        ("CA_CERTIFICATE_KEY_QUALITY_CHECK", .critical),
        ("UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", .critical),
        ("AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", .critical),
        ("IOT_POLICY_OVERLY_PERMISSIVE_CHECK", .critical), ("IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", .critical),
        ("CONFLICTING_CLIENT_IDS_CHECK", .high), ("IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK", .medium),
        ("IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK", .medium), ("CA_CERTIFICATE_EXPIRING_CHECK", .medium),
        ("DEVICE_CERTIFICATE_EXPIRING_CHECK", .medium), ("REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK", .medium),
        ("LOGGING_DISABLED_CHECK", .low), ("DEVICE_CERTIFICATE_AGE_CHECK", .low),
    ]

    @Test("every documented check has its severity", arguments: documented)
    func severities(name: String, severity: Severity) {
        #expect(AuditCheck(name: name)?.severity == severity)
    }

    @Test("the known checks are the documented ones, each with its own title and remediation")
    func known() {
        #expect(Set(AuditCheck.known.map(\.name)) == Set(Self.documented.map(\.0)))
        #expect(AuditCheck.known.count == 17)
        #expect(Set(AuditCheck.known.map(\.title)).count == 17)
        #expect(Set(AuditCheck.known.map(\.remediation)).count == 17)
        for check in AuditCheck.known {
            #expect((1...100).contains(check.title.count))
            #expect((50...512).contains(check.remediation.utf16.count))
        }
    }

    @Test("only checks of permissions and key quality report several reason codes per resource")
    func reasons() {
        let several = AuditCheck.known.filter(\.hasSeveralReasonCodes).map(\.name).sorted()
        #expect(
            several == [
                "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", "CA_CERTIFICATE_KEY_QUALITY_CHECK",
                "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK", "IOT_POLICY_OVERLY_PERMISSIVE_CHECK",
                "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK", "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK",
                "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
            ])
    }

    @Test("an unknown check has conservative defaults")
    func unknown() throws {
        let check = try #require(AuditCheck(name: "DEVICE_CERT_APPROACHING_EXPIRATION_CHECK"))
        #expect(check.severity == .medium)
        #expect(check.title == "Device cert approaching expiration")
        #expect(check.hasSeveralReasonCodes)
        #expect(!check.showsUnusualBehavior)
        #expect((50...512).contains(check.remediation.count))
        #expect(AuditCheck(name: "CHECK")?.title == "Check")
        #expect(AuditCheck(name: "_")?.title == "_")
    }

    @Test("a malformed name is rejected", arguments: ["", "A B", "A/B", "Ä", String(repeating: "A", count: 129)])
    func malformed(name: String) {
        #expect(AuditCheck(name: name) == nil)
    }
}
