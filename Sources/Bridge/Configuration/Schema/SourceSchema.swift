import JSON

/// The JSON Schema of a source: `sources.NAME`.
enum SourceSchema {
    /// A source. Where its findings come from and how they end is checked by the reader.
    static var json: JSON {
        var source = object(SourceKey.self, "", schema)
        source["required"] = ["mapping"]
        source["anyOf"] = .array(["topics", "events", "webhook"].map { ["required": [.string($0)]] })
        source["dependentRequired"] = ["events": ["accounts"], "accounts": ["events"]]
        return .object(source)
    }

    /// The name of a source.
    static let name: JSON = ["pattern": "^[a-z0-9-]{1,64}$"]

    private static func schema(_ key: SourceKey) -> Part {
        let account = ValueSchema.text(AWSPattern.account)
        return switch key {
        case .mapping: .value(.text)
        case .topics: .value(.elements(.text("^arn:[^=]+(=[0-9]{12})?$")))
        case .events: .value(.elements(.object))
        case .accounts: .value(.alternatives(.words(["all"]), .elements(account)))
        case .webhook: .object(webhook)
        case .rateLimit: .value(.number(isWhole: true, from: "1", to: "100000"))
        case .expireAfter: .value(ValueType<Duration>.duration(from: "1m", to: "85d").schema)
        case .deviceAttribute: .value(.text("^.{1,255}$"))
        }
    }

    private static var webhook: JSON.Members {
        var webhook = object(WebhookKey.self, "webhook.") { key in
            switch key {
            case .account: .value(.text(AWSPattern.account))
            case .region: .value(.text(AWSPattern.region))
            case .auth: .object(authentication)
            }
        }
        webhook["required"] = .array(WebhookKey.allCases.map { .string($0.rawValue) })
        return webhook
    }

    private static var authentication: JSON.Members {
        var authentication = object(AuthenticationKey.self, "webhook.auth.") { key in
            switch key {
            case .apiKey: .object(apiKey)
            case .basic: .object(basic)
            case .bearer: .object(bearer)
            case .hmac: .object(hmac)
            }
        }
        authentication["minProperties"] = 1
        authentication["maxProperties"] = 1
        return authentication
    }

    // MARK: Methods of authentication. A secret may also come from a variable, so that none is required.

    /// A secret, or two during a rotation.
    private static let secret = ValueSchema.elements(.text("^.{16,}$"), orValue: true, atMost: 2)

    private static var apiKey: JSON.Members {
        var apiKey = object(APIKeyKey.self, "webhook.auth.apiKey.") { key in
            switch key {
            case .header: .value(ValueType<String>.headerName.schema)
            case .keys: .value(secret)
            case .keysFile: .value(.text)
            }
        }
        apiKey["required"] = ["header"]
        return apiKey
    }

    private static var basic: JSON.Members {
        object(BasicKey.self, "webhook.auth.basic.") { key in
            switch key {
            case .user: .value(.text("^[^:]+$"))
            case .password: .value(secret)
            case .userFile, .passwordFile: .value(.text)
            }
        }
    }

    private static var bearer: JSON.Members {
        var bearer = object(BearerKey.self, "webhook.auth.bearer.") { key in
            switch key {
            case .token: .value(secret)
            case .tokenFile, .issuer, .audience: .value(.text)
            case .jwksURL: .value(ValueType<String>.httpsURL.schema)
            }
        }
        let issuer: [BearerKey] = [.issuer, .audience, .jwksURL]
        bearer["dependentRequired"] = .object(
            JSON.Members(
                uniqueKeysWithValues: issuer.map { key in
                    (UTF8Text(key.rawValue), .array(issuer.filter { $0 != key }.map { .string($0.rawValue) }))
                }))
        bearer["not"] = ["required": ["issuer"], "anyOf": [["required": ["token"]], ["required": ["tokenFile"]]]]
        return bearer
    }

    private static var hmac: JSON.Members {
        var hmac = object(HMACKey.self, "webhook.auth.hmac.") { key in
            switch key {
            case .preset: .value(.words(["standard-webhooks", "github"]))
            case .algorithm: .value(.words(["sha256", "sha1"]))
            case .encoding: .value(.words(["hex", "base64"]))
            case .header, .timestampHeader, .idHeader: .value(ValueType<String>.headerName.schema)
            case .prefix: .value(.text(1...64, "^"))
            case .tolerance: .value(ValueType<Duration>.duration(from: "1s", to: "1h").schema)
            case .signed: .value(.words(["body", "timestamp.body", "id.timestamp.body"]))
            case .secret: .value(secret)
            case .secretFile: .value(.text)
            case .secretEncoding: .value(.words(["raw", "base64"]))
            }
        }
        let own = HMACKey.allCases.filter { ![.preset, .secret, .secretFile].contains($0) }
        hmac["if"] = ["required": ["preset"]]
        hmac["then"] = [
            "properties": .object(JSON.Members(own.map { (UTF8Text($0.rawValue), false) }) { first, _ in first })
        ]
        hmac["else"] = ["required": ["algorithm", "encoding", "header", "signed"]]
        return hmac
    }

    // MARK: Objects

    /// The schema of a key.
    private enum Part {
        case value(ValueSchema)
        case object(JSON.Members)
    }

    /// An object with the keys of an enumeration, described as in the documents.
    private static func object<Key: RawRepresentable<String> & CaseIterable>(
        _ keys: Key.Type, _ prefix: String, _ schema: (Key) -> Part
    ) -> JSON.Members {
        var properties: JSON.Members = [:]
        for key in Key.allCases {
            switch schema(key) {
            case .value(let value):
                properties[UTF8Text(key.rawValue)] = value.json(description: description(of: prefix + key.rawValue))
            case .object(let members): properties[UTF8Text(key.rawValue)] = .object(members)
            }
        }
        return ["type": "object", "properties": .object(properties), "additionalProperties": false]
    }

    private static func description(of key: String) -> String {
        let name = "sources.NAME." + key
        return SourceKeyDescription.all.first { $0.name == name }?.help
            ?? "File that contains \(key.split(separator: ".").last?.dropLast("File".count) ?? "")."
    }
}
