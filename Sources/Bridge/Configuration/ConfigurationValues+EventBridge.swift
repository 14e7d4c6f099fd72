import Cryptography
import HTTPTypes
import Intake

extension ConfigurationValues {
    /// Reads the API keys and the credentials of Basic authentication.
    func eventBridgeCredentials() throws(ConfigurationError) -> EventBridgeAuthenticator.Credentials {
        var credentials = EventBridgeAuthenticator.Credentials()
        let keys = try list(.eventBridgeAPIKey)
        guard keys.count <= 2 else {
            throw ConfigurationError(
                "eventBridge.apiKey", "more than 2 keys. Remove the keys that EventBridge no longer sends.")
        }
        // Templates print "null" for a missing value, and everyone can guess that key.
        guard !keys.contains(where: CoreSchema.nulls.contains) else {
            throw ConfigurationError("eventBridge.apiKey", "a key is null. Set a random key, or remove this key.")
        }
        credentials.apiKeys = keys.map { Secret($0) }
        credentials.apiKeyHeader = try value(
            .eventBridgeAPIKeyHeader, default: "x-api-key", expected: "a valid header field name, for example x-api-key"
        ) { HTTPField.Name($0)?.canonicalName }
        credentials.basic = try basic()
        return credentials
    }

    /// The shortest key or password without a warning, in characters.
    private static let recommendedKeyLength = 16

    /// Warnings about short credentials.
    func eventBridgeWarnings() throws(ConfigurationError) -> [ConfigurationWarning] {
        var warnings: [ConfigurationWarning] = []
        func warn(_ key: ConfigurationKey, _ noun: String) {
            warnings.append(
                ConfigurationWarning(
                    key: key.name, problem: "a \(noun) has fewer than \(Self.recommendedKeyLength) characters",
                    remediation: "Replace it with a random \(noun) of at least \(Self.recommendedKeyLength) characters."
                ))
        }
        let isShort = { (text: Substring) in text.utf8.count < Self.recommendedKeyLength }
        if try list(.eventBridgeAPIKey).contains(where: { isShort($0[...]) }) { warn(.eventBridgeAPIKey, "key") }
        if let basic = try text(.eventBridgeBasic), isShort(basic.drop { $0 != ":" }.dropFirst()) {
            warn(.eventBridgeBasic, "password")
        }
        return warnings
    }

    private func basic() throws(ConfigurationError) -> Secret? {
        guard let text = try text(.eventBridgeBasic) else { return nil }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw ConfigurationError(
                ConfigurationKey.eventBridgeBasic.name,
                "invalid value. Use the form USER:PASSWORD.")
        }
        return Secret(text)
    }

    /// Reads `eventBridge.oauth.*`; nil if none of these keys is set.
    func eventBridgeTokens() throws(ConfigurationError) -> TokenVerifier.Settings? {
        let keys: [ConfigurationKey] = [.eventBridgeOAuthIssuer, .eventBridgeOAuthAudience, .eventBridgeOAuthKeys]
        var texts: [String?] = []
        for key in keys { texts.append(try text(key)) }
        guard texts.contains(where: { $0 != nil }) else { return nil }
        for (key, text) in zip(keys, texts) where text == nil {
            throw ConfigurationError(
                key.name, "not set, but another eventBridge.oauth key is. Set issuer, audience and jwksURL together.")
        }
        let given = texts.compactMap(\.self)
        guard Self.isHTTPS(given[2]) else {
            throw ConfigurationError(
                keys[2].name, "invalid value \"\(given[2])\". Use a URL of the form https://HOST/PATH.")
        }
        return TokenVerifier.Settings(issuer: given[0], audience: given[1], jwksURL: given[2])
    }

    /// Whether a text is an HTTPS URL with a host and a path, and without user or fragment.
    private static func isHTTPS(_ text: String) -> Bool {
        guard text.hasPrefix("https://"), text.utf8.count <= 2048 else { return false }
        let rest = text.dropFirst("https://".count)
        let host = rest.prefix { $0 != "/" }
        let isPlain = rest.utf8.allSatisfy { (0x21...0x7E).contains($0) && !#"@#\"<>`{}|^"#.utf8.contains($0) }
        return isPlain && !host.isEmpty && !host.contains("?") && rest.contains("/")
    }
}
