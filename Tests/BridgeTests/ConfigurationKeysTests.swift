import Testing

@testable import Bridge

/// Tests what is derived from the declarations of the keys.
@Suite struct ConfigurationKeysTests {
    @Test("Every key has its documented environment variable")
    func variables() {
        #expect(
            ConfigurationKey.all.map(\.environmentVariable) == [
                "BRIDGE_LISTEN_ADDRESS", "BRIDGE_LISTEN_TLS_CERTIFICATE", "BRIDGE_LISTEN_TLS_PRIVATE_KEY",
                "BRIDGE_LISTEN_LOOPS", "BRIDGE_LISTEN_MAX_CONNECTIONS", "BRIDGE_LISTEN_MAX_CONNECTIONS_PER_ADDRESS",
                "BRIDGE_LISTEN_TRUSTED_PROXIES", "BRIDGE_LISTEN_PROXY_PROTOCOL", "BRIDGE_ADMIN_ADDRESS",
                "BRIDGE_ADMIN_HOSTS", "BRIDGE_ADMIN_ALLOW_ACTIONS", "BRIDGE_ADMIN_TOKEN", "BRIDGE_ADMIN_TOKENS",
                "BRIDGE_STORE_URL", "BRIDGE_STORE_MAX_PENDING",
                "BRIDGE_DEAD_LETTERS_MAX_COUNT", "BRIDGE_DEAD_LETTERS_MAX_BYTES", "BRIDGE_DEAD_LETTERS_MAX_AGE",
                "BRIDGE_SNS_TOPICS", "BRIDGE_SNS_ACCOUNTS", "BRIDGE_SNS_IGNORE",
                "BRIDGE_SNS_MINIMUM_SIGNATURE_VERSION", "BRIDGE_SNS_MAX_MESSAGE_AGE", "BRIDGE_SNS_CONFIRM",
                "BRIDGE_SNS_RESUBSCRIBE",
                "BRIDGE_EVENT_BRIDGE_API_KEY", "BRIDGE_EVENT_BRIDGE_API_KEY_HEADER", "BRIDGE_EVENT_BRIDGE_BASIC",
                "BRIDGE_EVENT_BRIDGE_OAUTH_ISSUER", "BRIDGE_EVENT_BRIDGE_OAUTH_AUDIENCE",
                "BRIDGE_EVENT_BRIDGE_OAUTH_JWKS_URL", "BRIDGE_AWS_ROLES", "BRIDGE_AWS_ROLE_NAME",
                "BRIDGE_AWS_EXTERNAL_ID", "BRIDGE_AWS_REGIONS",
                "BRIDGE_SECURITY_HUB_REQUESTS_PER_SECOND", "BRIDGE_SECURITY_HUB_BURST",
                "BRIDGE_MAPPING_CHECK_SUMMARIES", "BRIDGE_MAPPING_SEVERITIES",
                "BRIDGE_MAPPING_MINIMUM_SEVERITY", "BRIDGE_MAPPING_INCLUDE", "BRIDGE_MAPPING_EXCLUDE",
                "BRIDGE_MAPPING_PRODUCT_NAME", "BRIDGE_MAPPING_COMPANY_NAME", "BRIDGE_MAPPING_USER_DEFINED_FIELDS",
                "BRIDGE_MAPPING_STALE_AFTER",
                "BRIDGE_CATCH_UP_INTERVAL",
                "BRIDGE_NETWORK_CONNECT_TO",
                "BRIDGE_LOG_LEVEL",
                "BRIDGE_LOG_FORMAT",
            ])
    }

    @Test("Help states each range with its type's bounds, which are valid values, and errors state the same range")
    func ranges() throws {
        let range = /from (?<lowest>[\w.]+) to (?<highest>[\w.]*\w)/
        var count = 0
        for key in ConfigurationKey.all {
            #expect(!key.help.contains("{range}"), "\(key.name)")
            guard let match = key.help.firstMatch(of: range) else { continue }
            count += 1
            for bound in [match.lowest, match.highest] {
                #expect(ConfigurationTests.line(flags: [key.name: String(bound)]) == nil, "\(key.name)")
            }
            let line = try #require(ConfigurationTests.line(flags: [key.name: "-"]))
            #expect(line.contains(match.0), "\(key.name): \(line)")
        }
        #expect(count == 12)
    }

    @Test("Each default that help states as a value is valid")
    func defaults() {
        var count = 0
        for key in ConfigurationKey.all {
            guard let text = key.help.firstMatch(of: /Default: (?<value>\S+)\.$/)?.value, text != "none" else {
                continue
            }
            count += 1
            #expect(ConfigurationTests.line(flags: [key.name: String(text)]) == nil, "\(key.name)")
        }
        #expect(count == 20)
    }
}
