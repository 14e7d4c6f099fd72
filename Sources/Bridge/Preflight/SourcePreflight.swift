import Intake
import SourceMapping

/// Checks the mapping and the channels of a mapped source. Its topics and accounts are checked with all others.
struct SourcePreflight: Sendable {
    let source: SourceConfiguration
    /// Whether credentials for EventBridge are configured.
    let acceptsEventBridge: Bool
    let report: @Sendable (PreflightCheck) -> Void

    private func check(_ name: String, _ outcome: PreflightCheck.Outcome, _ detail: String, remediation: String = "") {
        report(PreflightCheck(name, "source \(source.name)", outcome, detail, remediation: remediation))
    }

    /// Runs the checks. The configuration was read, so the mapping is valid and the secrets are readable.
    func run() {
        checkMapping()
        if let webhook = source.webhook {
            check("webhook", .passed, "\(webhook.authentication.summary), for \(webhook.accountRegion)")
        }
        if !source.events.isEmpty { checkEvents() }
    }

    private func checkMapping() {
        let tests = MappingTestReport(source.mapping)
        guard tests.hasPassed else {
            return check(
                "mapping", .failed, tests.lines.joined(separator: " "),
                remediation: "correct the mapping or its tests, then run: defender-bridge sources test \(source.name)")
        }
        guard !source.mapping.mapping.tests.isEmpty else {
            return check(
                "mapping", .warning, "\(source.mapping.name) has no tests",
                remediation: "add captured messages with expected findings to tests in the mapping")
        }
        check("mapping", .passed, tests.lines.joined(separator: " "))
    }

    private func checkEvents() {
        if acceptsEventBridge {
            check("events", .passed, "event patterns: \(source.events.count)")
        } else {
            check(
                "events", .failed, "eventBridge.* is not configured, so every event is rejected",
                remediation: "set eventBridge.apiKey, or remove events of the source")
        }
    }
}

extension WebhookAuthentication {
    /// The method, and the number of its secrets.
    fileprivate var summary: String {
        switch self {
        case .apiKey(_, let keys): Self.counted(keys.count, "API key")
        case .basic(_, let passwords): Self.counted(passwords.count, "Basic password")
        case .bearer(let tokens): Self.counted(tokens.count, "bearer token")
        case .token: "tokens of an issuer"
        case .signature(let signature): Self.counted(signature.secrets.count, "HMAC secret")
        }
    }

    private static func counted(_ count: Int, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
    }
}
