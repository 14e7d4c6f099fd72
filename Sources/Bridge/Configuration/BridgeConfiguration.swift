package import AWSClient
import AWSCore
package import Admin
import Cryptography
import Encoding
package import EventLoop
import FoundationEssentials
import Intake
package import Logging
package import SNS
package import SecurityFindings
package import Store
package import Telemetry

/// The validated settings of a bridge.
package struct BridgeConfiguration: Sendable {
    /// The paths of a TLS certificate chain and its private key.
    package struct TLSFiles: Sendable, Hashable {
        /// The path of the certificate, followed by its chain, as PEM.
        package var certificate: String
        /// The path of the private key, as PEM.
        package var privateKey: String
    }

    /// `listen.address`
    package var listenAddress: SocketAddress
    /// `listen.tls.*`; nil for plain HTTP.
    package var tls: TLSFiles?
    /// `listen.loops`
    package var loops: Int
    /// `listen.maxConnections`; nil derives it from the file descriptor limit.
    package var maximumConnections: Int?
    /// `listen.maxConnectionsPerAddress`
    package var maximumConnectionsPerAddress: Int
    /// `listen.trustedProxies`
    package var trustedProxies: [AddressBlock]
    /// `listen.proxyProtocol`
    package var proxyProtocol: Bool
    /// `admin.address`
    package var adminAddress: SocketAddress
    /// `admin.hosts`, `admin.allowActions`, `admin.token`
    package var admin = AdminAccess()
    /// `store.url`
    package var store: StoreLocation
    /// `store.maxPending`
    package var maximumPending: Int
    /// `deadLetters.maxCount`, `deadLetters.maxBytes`
    package var deadLetterLimits: DeadLetterLimits
    /// `deadLetters.maxAge`
    package var maximumDeadLetterAge: Duration
    /// `sns.topics`, `sns.accounts`, `aws.regions`
    package var topics: TopicPolicy
    /// `sns.minimumSignatureVersion`
    package var minimumSignatureVersion: SNSMessage.SignatureVersion
    /// `sns.maxMessageAge`
    package var maximumMessageAge: Duration
    /// `sns.confirm`, `sns.resubscribe`
    var subscriptions = SubscriptionManager.Policy()
    /// `eventBridge.apiKey`, `eventBridge.apiKeyHeader` (in lower case), `eventBridge.basic`
    var eventBridge = EventBridgeAuthenticator.Credentials()
    /// `eventBridge.oauth.*`; nil rejects all tokens.
    var eventBridgeTokens: TokenVerifier.Settings?
    /// `aws.roles`, `aws.roleName`, `aws.externalId`
    package var roles: AccountRoles
    /// `securityHub.requestsPerSecond`
    package var importsPerSecond: Double
    /// `securityHub.burst`
    package var importBurst: Int
    /// `mapping.checkSummaries`
    package var checkSummaries: Bool
    /// `mapping.severities`
    package var severities: SeverityRules
    /// `mapping.staleAfter`; nil for never.
    package var staleAfter: Duration?
    /// `catchUp.interval`; nil for never.
    package var catchUpInterval: Duration?
    /// `network.connectTo`
    package var connectTo: [String]
    /// `log.level`
    package var logLevel: Logger.Level
    /// `log.format`; nil selects text on a terminal, JSON otherwise.
    package var logFormat: LogFormat?
    /// Settings that are valid but should be changed.
    package let warnings: [ConfigurationWarning]
    /// SHA-256 digests of the configured values by key, to find what a reload changes without keeping secrets.
    let digests: [String: [UInt8]]

    /// Whether credentials for EventBridge are configured, so that events are accepted.
    var acceptsEventBridge: Bool {
        !eventBridge.apiKeys.isEmpty || eventBridge.basic != nil || eventBridgeTokens != nil
    }

    /// Reads and validates the configuration. Precedence: flags, environment, file, defaults.
    ///
    /// - Parameters:
    ///   - flags: values from the command line, by key.
    ///   - environment: the process's environment.
    ///   - file: the YAML text of the configuration file, if there is one.
    ///   - readFile: reads a file that contains a secret.
    /// - Throws: ``ConfigurationError`` for the first invalid value.
    package init(
        flags: [String: String] = [:], environment: [String: String], file: String? = nil,
        readFile: @escaping (String) throws(ConfigurationError) -> [UInt8]
    ) throws(ConfigurationError) {
        let values = try ConfigurationValues(flags: flags, environment: environment, file: file, readFile: readFile)
        listenAddress = try values.address(.listenAddress, default: "127.0.0.1:8080")
        tls = try values.tlsFiles()
        loops = try values.number(.listenLoops, in: 1...64) ?? Self.cores
        maximumConnections = try values.number(.listenMaxConnections, in: 1...1_000_000)
        maximumConnectionsPerAddress = try values.number(.listenMaxConnectionsPerAddress, in: 1...1_000_000) ?? 1024
        trustedProxies = try values.addressBlocks(.listenTrustedProxies)
        proxyProtocol = try values.flag(.listenProxyProtocol, default: false)
        adminAddress = try values.address(.adminAddress, default: "127.0.0.1:9090")
        admin = try values.adminAccess()
        store = try values.storeLocation()
        maximumPending = try values.number(.storeMaxPending, in: 1...1_000_000_000) ?? 200_000
        deadLetterLimits = try values.deadLetterLimits()
        maximumDeadLetterAge = try values.duration(
            .deadLettersMaxAge, default: .seconds(90 * 86_400), in: .seconds(3600)...Duration.seconds(3650 * 86_400),
            expected: "a duration from 1h to 3650d, for example 90d")
        topics = try values.topics()
        minimumSignatureVersion = try values.value(
            .snsMinimumSignatureVersion, default: .one, expected: "1 or 2"
        ) { CoreSchema.integer($0).flatMap { SNSMessage.SignatureVersion(rawValue: String($0)) } }
        maximumMessageAge = try values.duration(
            .snsMaxMessageAge, default: .seconds(3600), in: .seconds(60)...Duration.seconds(86_400),
            expected: "a duration from 1m to 24h, for example 1h")
        subscriptions.confirms = try values.value(.snsConfirm, default: true, expected: "auto or off") {
            ["auto": true, "off": false][$0.lowercased()]
        }
        subscriptions.resubscribes = try values.flag(.snsResubscribe, default: false)
        eventBridge = try values.eventBridgeCredentials()
        eventBridgeTokens = try values.eventBridgeTokens()
        roles = try values.accountRoles()
        importsPerSecond = try values.value(
            .securityHubRequestsPerSecond, default: 10, expected: "a number from 0.1 to 1000"
        ) { (CoreSchema.integer($0).map(Double.init) ?? Double($0)).flatMap { (0.1...1000).contains($0) ? $0 : nil } }
        importBurst = try values.number(.securityHubBurst, in: 1...1000) ?? 30
        checkSummaries = try values.flag(.checkSummaries, default: true)
        severities = try values.severities()
        staleAfter = try values.staleAfter()
        catchUpInterval = try values.catchUpInterval()
        connectTo = try values.connectTo()
        logLevel = try values.value(
            .logLevel, default: .info, expected: "one of trace, debug, info, notice, warning, error, critical"
        ) { ConfigurationValues.logLevel($0) }
        logFormat = try values.value(.logFormat, default: nil, expected: "text or json") {
            LogFormat(rawValue: $0.lowercased())
        }
        warnings = Self.warnings(of: topics) + (try values.eventBridgeWarnings())
        digests = try values.digests()
        guard !proxyProtocol || !trustedProxies.isEmpty else {
            throw ConfigurationError(
                "listen.proxyProtocol",
                "listen.trustedProxies is not set. Set it to the addresses of your load balancer."
            )
        }
    }
}

extension BridgeConfiguration {
    /// The number of cores that this process may use, at most 64.
    private static var cores: Int { min(max(ProcessInfo.processInfo.activeProcessorCount, 1), 64) }

    /// Warns if no topics are configured: events are accepted only from the accounts and Regions of the topics, too.
    private static func warnings(of topics: TopicPolicy) -> [ConfigurationWarning] {
        guard topics.patterns.isEmpty else { return [] }
        return [
            ConfigurationWarning(
                key: ConfigurationKey.snsTopics.name,
                problem: "no topic is listed, so every SNS message and every EventBridge event is rejected",
                remediation: "List the ARNs of the SNS topics that Device Defender publishes to.")
        ]
    }
}

extension ConfigurationValues {
    fileprivate func address(_ key: ConfigurationKey, default text: String) throws(ConfigurationError) -> SocketAddress
    {
        let given = try self.text(key) ?? text
        guard let address = SocketAddress(given) else {
            throw ConfigurationError(
                key.name,
                "invalid value \"\(given)\". Use a numeric address with a port, for example 0.0.0.0:8080 or [::]:8080.")
        }
        return address
    }

    /// SHA-256 digests of the configured values, by key.
    fileprivate func digests() throws(ConfigurationError) -> [String: [UInt8]] {
        var digests: [String: [UInt8]] = [:]
        for key in ConfigurationKey.all {
            if let text = try text(key) { digests[key.name] = Digest.sha256(Array(text.utf8)) }
        }
        return digests
    }

    fileprivate func catchUpInterval() throws(ConfigurationError) -> Duration? {
        if try text(.catchUpInterval)?.lowercased() == "off" { return nil }
        return try duration(
            .catchUpInterval, default: .seconds(3600), in: .seconds(60)...Duration.seconds(86_400),
            expected: "a duration from 1m to 24h, for example 1h, or off")
    }

    /// The upper limit is below the 90 days that AWS keeps audits; older audits cannot confirm a finding.
    fileprivate func staleAfter() throws(ConfigurationError) -> Duration? {
        if try text(.staleAfter) == "off" { return nil }
        return try duration(
            .staleAfter, default: .seconds(45 * 86_400), in: .seconds(86_400)...Duration.seconds(85 * 86_400),
            expected: "a duration from 1d to 85d, for example 45d, or off")
    }

    /// Reads a duration in a range.
    fileprivate func duration(
        _ key: ConfigurationKey, default fallback: Duration, in range: ClosedRange<Duration>, expected: String
    ) throws(ConfigurationError) -> Duration {
        try value(key, default: fallback, expected: expected) { text in
            Duration(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Parses a log level, case-insensitively; accepts `warn` for `warning`, as other programs do.
    fileprivate static func logLevel(_ text: String) -> Logger.Level? {
        let name = text.lowercased()
        return name == "warn" ? .warning : Logger.Level(rawValue: name)
    }

    fileprivate func deadLetterLimits() throws(ConfigurationError) -> DeadLetterLimits {
        let defaults = DeadLetterLimits.standard
        return DeadLetterLimits(
            maximumCount: try number(.deadLettersMaxCount, in: 2...10_000_000) ?? defaults.maximumCount,
            maximumBytes: try value(
                .deadLettersMaxBytes, default: defaults.maximumBytes,
                expected: "a size from 4MiB to 1TiB, for example 256MiB"
            ) { text in
                // One channel may use half of it, and the largest message has 1 MiB.
                ByteCount.read(text).flatMap { (4 << 20...1 << 40).contains($0) ? $0 : nil }
            })
    }

    fileprivate func addressBlocks(_ key: ConfigurationKey) throws(ConfigurationError) -> [AddressBlock] {
        var blocks: [AddressBlock] = []
        for text in try list(key) {
            guard let block = AddressBlock(text) else {
                throw ConfigurationError(
                    key.name,
                    "invalid value \"\(text)\". Use an address or a CIDR block, for example 10.0.0.0/8 or 2001:db8::/32."
                )
            }
            blocks.append(block)
        }
        return blocks
    }

    fileprivate func tlsFiles() throws(ConfigurationError) -> BridgeConfiguration.TLSFiles? {
        switch (try text(.listenCertificate), try text(.listenPrivateKey)) {
        case (nil, nil): return nil
        case (let certificate?, let privateKey?):
            return BridgeConfiguration.TLSFiles(certificate: certificate, privateKey: privateKey)
        case (_, nil):
            throw ConfigurationError(
                "listen.tls.privateKey", "not set, but listen.tls.certificate is. Set it to the private key's file.")
        case (nil, _):
            throw ConfigurationError(
                "listen.tls.certificate", "not set, but listen.tls.privateKey is. Set it to the certificate's file.")
        }
    }

    fileprivate func storeLocation() throws(ConfigurationError) -> StoreLocation {
        let url = try text(.storeURL) ?? "sqlite://defender-bridge.db"
        do throws(StoreError) {
            return try StoreLocation(url: url)
        } catch {
            throw ConfigurationError("store.url", error.message)
        }
    }

    fileprivate func topics() throws(ConfigurationError) -> TopicPolicy {
        let texts = try list(.snsTopics)
        let accounts = try accounts()
        let regions = try regions()
        do throws(TopicPolicyError) {
            return try TopicPolicy(topics: texts, accounts: accounts, regions: regions)
        } catch {
            switch error {
            case .invalidTopic(let text):
                throw ConfigurationError(
                    "sns.topics",
                    "invalid value \"\(text)\". Use the ARN of an SNS topic, for example "
                        + "arn:aws:sns:us-east-1:111122223333:name; * can replace the name or the account. Append =ACCOUNT if "
                        + "the topic carries another account's findings, =* if it carries those of all sns.accounts."
                )
            case .repeated(let text):
                throw ConfigurationError("sns.topics", "duplicate entry \"\(text)\". Remove one of the two.")
            case .missingAccounts(let text):
                throw ConfigurationError(
                    "sns.accounts",
                    "not set, but \"\(text)\" in sns.topics uses *. List the accounts that * represents.")
            case .unusedAccounts:
                throw ConfigurationError(
                    "sns.accounts",
                    "no entry of sns.topics uses * as the account or ends in =*. Add such an entry, or remove this key."
                )
            case .noTopicInRegions:
                throw ConfigurationError(
                    "aws.regions",
                    "no entry of sns.topics is in these Regions. Add the topics' Regions, or remove this key.")
            }
        }
    }

    private func accounts() throws(ConfigurationError) -> Set<AccountID> {
        var accounts: Set<AccountID> = []
        for text in try list(.snsAccounts) {
            guard let account = AccountID(text) else {
                throw ConfigurationError("sns.accounts", "invalid value \"\(text)\". Use account ids of 12 digits.")
            }
            accounts.insert(account)
        }
        return accounts
    }

    fileprivate func severities() throws(ConfigurationError) -> SeverityRules {
        let entries = try list(.severities)
        do throws(SeverityRules.InvalidEntryError) {
            return try SeverityRules(entries: entries)
        } catch {
            throw ConfigurationError("mapping.severities", error.description)
        }
    }

    fileprivate func connectTo() throws(ConfigurationError) -> [String] {
        let entries = try list(.networkConnectTo)
        for entry in entries {
            // IPv6 addresses are in brackets and contain colons.
            let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 4, !entry.contains(where: \.isWhitespace), UInt16(parts[parts.count - 1]) != nil else {
                throw ConfigurationError(
                    "network.connectTo", "invalid value \"\(entry)\". Use the form HOST:PORT:ADDRESS:PORT.")
            }
        }
        return entries
    }
}
