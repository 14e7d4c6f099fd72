/// The description of a key of `sources`, for help and documents.
package struct SourceKeyDescription: Sendable, Hashable {
    /// The key as in the configuration file, with `NAME` for the source's name.
    package let name: String
    /// The form of the value.
    package let placeholder: String
    /// The meaning, range and default of the value.
    package let help: String
    /// The environment variable, with `NAME` for the source's name; nil for a key that is not a secret.
    package let environmentVariable: String?

    /// All keys, in the order of the documentation. A secret's key with `File` appended is not listed.
    package static let all =
        keys(SourceKey.self, "") + keys(WebhookKey.self, "webhook.") + keys(APIKeyKey.self, "webhook.auth.apiKey.")
        + keys(BasicKey.self, "webhook.auth.basic.") + keys(BearerKey.self, "webhook.auth.bearer.")
        + keys(HMACKey.self, "webhook.auth.hmac.")

    private static func keys<Key: DescribedSourceKey>(_ type: Key.Type, _ prefix: String) -> [SourceKeyDescription] {
        let names = Set(type.allCases.map(\.rawValue))
        return type.allCases.compactMap { key in
            guard let (placeholder, help) = key.value else { return nil }
            let isSecret = names.contains(key.rawValue + "File")
            return SourceKeyDescription(
                name: "sources.NAME.\(prefix)\(key.rawValue)", placeholder: placeholder, help: help,
                environmentVariable: isSecret ? SourceSecrets.variable(key.rawValue, of: "NAME") : nil)
        }
    }
}

/// A key of a source or of one of its parts.
private protocol DescribedSourceKey: CaseIterable, RawRepresentable<String> {
    /// The form of the value and the help; nil for a group of keys, and for a file that contains a secret.
    var value: (placeholder: String, help: String)? { get }
}

extension SourceKey: DescribedSourceKey {
    fileprivate var value: (placeholder: String, help: String)? {
        switch self {
        case .mapping:
            (
                "NAME|FILE",
                "Built-in mapping, or the path of a mapping file: it has a / or ends in .yaml, and is relative to the "
                    + "configuration file. Required."
            )
        case .topics:
            ("[ARN,…]", "SNS topics of the source, as entries of sns.topics without =*. A topic is listed once.")
        case .events:
            ("[PATTERN,…]", "EventBridge event patterns. An event that matches one of them belongs to the source.")
        case .accounts:
            (
                "all|[ACCOUNT,…]",
                "Accounts whose events are accepted; all for the accounts and Regions of sns.topics. Required with events."
            )
        case .webhook: nil
        case .rateLimit: ("NUMBER", "Maximum number of items per second, from 1 to 100000. Default: no limit.")
        case .expireAfter:
            (
                "DURATION",
                "Archive a finding that was not reported for this time, from 1m to 85d. Required if the mapping has no "
                    + "archivedWhen. Default: never."
            )
        case .deviceAttribute:
            (
                "NAME",
                "Attribute of an alarm's contributors that names the device, for the mapping cloudwatch-alarm. Default: "
                    + "clientId."
            )
        }
    }
}

extension WebhookKey: DescribedSourceKey {
    fileprivate var value: (placeholder: String, help: String)? {
        switch self {
        case .account: ("ACCOUNT", "Account whose Security Hub gets the findings of POST /webhooks/NAME, in quotes.")
        case .region: ("REGION", "Region whose Security Hub gets the findings.")
        case .auth: nil
        }
    }
}

extension APIKeyKey: DescribedSourceKey {
    fileprivate var value: (placeholder: String, help: String)? {
        switch self {
        case .header: ("NAME", "Name of the header field with the API key.")
        case .keys: ("KEY", "API key.")
        case .keysFile: nil
        }
    }
}

extension BasicKey: DescribedSourceKey {
    fileprivate var value: (placeholder: String, help: String)? {
        switch self {
        case .user: ("USER", "User of Basic authentication.")
        case .password: ("PASSWORD", "Password of Basic authentication.")
        case .userFile, .passwordFile: nil
        }
    }
}

extension BearerKey: DescribedSourceKey {
    fileprivate var value: (placeholder: String, help: String)? {
        switch self {
        case .token: ("TOKEN", "Bearer token.")
        case .issuer: ("TEXT", "Issuer (iss) of JSON Web Tokens, in place of a token.")
        case .audience: ("TEXT", "Audience (aud) of the tokens. Required with issuer.")
        case .jwksURL: ("URL", "HTTPS URL of the key set (JWKS) that signs the tokens. Required with issuer.")
        case .tokenFile: nil
        }
    }
}

extension HMACKey: DescribedSourceKey {
    fileprivate var value: (placeholder: String, help: String)? {
        switch self {
        case .preset: ("standard-webhooks|github", "Form of the signature; replaces all keys below but secret.")
        case .algorithm: ("sha256|sha1", "Digest algorithm.")
        case .encoding: ("hex|base64", "How the signature is written.")
        case .header: ("NAME", "Name of the header field with the signature.")
        case .prefix: ("TEXT", "What precedes the signature in the field, for example sha256=. Default: nothing.")
        case .timestampHeader:
            ("NAME", "Header field with the signed timestamp, in seconds since 1970. Required unless signed is body.")
        case .tolerance:
            ("DURATION", "How far the timestamp may be from the time of receipt, from 1s to 1h. Default: 300s.")
        case .idHeader: ("NAME", "Header field with the signed ID. Required if signed is id.timestamp.body.")
        case .signed:
            (
                "body|timestamp.body|id.timestamp.body",
                "Signed text. Where no timestamp is signed, replays are not prevented."
            )
        case .secret: ("SECRET", "Secret of the signature.")
        case .secretEncoding: ("raw|base64", "How the secret is written. Default: raw.")
        case .secretFile: nil
        }
    }
}
