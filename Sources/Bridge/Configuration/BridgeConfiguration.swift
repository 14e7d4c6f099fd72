package import AWSClient
package import Admin
import Cryptography
import Encoding
package import EventLoop
import FoundationEssentials
import Intake
package import Logging
package import Planning
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
    /// `admin.hosts`, `admin.allowActions`, `admin.token`, `admin.tokens`
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
    /// `sns.ignore`
    var ignoredMessages: IgnoredMessages
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
    /// `mapping.minimumSeverity`, `mapping.include`, `mapping.exclude`
    package var filter: FindingFilter
    /// `mapping.productName`, `mapping.companyName`
    package var productNames: ProductNames
    /// `mapping.userDefinedFields`
    package var userDefinedFields: UserDefinedFields
    /// `mapping.staleAfter`; nil for never.
    package var staleAfter: Duration?
    /// `catchUp.interval`; nil for never.
    package var catchUpInterval: Duration?
    /// `sources`, in the order of the file
    package var sources: [SourceConfiguration]
    /// `network.connectTo`
    package var connectTo: [String]
    /// `log.level`
    package var logLevel: Logger.Level
    /// `log.format`; nil selects text on a terminal, JSON otherwise.
    package var logFormat: LogFormat?
    /// Settings that are valid but should be changed.
    package let warnings: [ConfigurationWarning]
    /// The effective values with what sets them, in the order of the documentation, then those of the sources. Secrets are
    /// masked.
    package let settings: [ConfigurationSetting]
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
    ///   - path: the path of that file.
    ///   - runsMappingTests: whether the tests of the sources' mappings must pass.
    ///   - readFile: reads a file that contains a secret or a mapping.
    /// - Throws: ``ConfigurationError`` with all problems.
    package init(
        flags: [String: String] = [:], environment: [String: String], file: String? = nil, path: String? = nil,
        runsMappingTests: Bool = false, readFile: @escaping (String) throws(ConfigurationError) -> [UInt8]
    ) throws(ConfigurationError) {
        let values = try ConfigurationValues(
            flags: flags, environment: environment, file: file, path: path, readFile: readFile)
        let sources = try values.check(runsMappingTests: runsMappingTests)
        listenAddress = try values[\.listenAddress]
        tls = try values.tlsFiles()
        loops = try values[\.listenLoops] ?? Self.cores
        maximumConnections = try values[\.listenMaxConnections]
        maximumConnectionsPerAddress = try values[\.listenMaxConnectionsPerAddress]
        trustedProxies = try values[\.listenTrustedProxies]
        proxyProtocol = try values[\.listenProxyProtocol]
        adminAddress = try values[\.adminAddress]
        admin = try values.adminAccess()
        store = try values[\.storeURL]
        maximumPending = try values[\.storeMaxPending]
        deadLetterLimits = DeadLetterLimits(
            maximumCount: try values[\.deadLettersMaxCount], maximumBytes: try values[\.deadLettersMaxBytes])
        maximumDeadLetterAge = try values[\.deadLettersMaxAge]
        topics = try values.topics()
        ignoredMessages = IgnoredMessages(try values[\.snsIgnore])
        minimumSignatureVersion = try values[\.snsMinimumSignatureVersion]
        maximumMessageAge = try values[\.snsMaxMessageAge]
        subscriptions.confirms = try values[\.snsConfirm]
        subscriptions.resubscribes = try values[\.snsResubscribe]
        eventBridge.apiKeys = try values[\.eventBridgeAPIKey]
        eventBridge.apiKeyHeader = try values[\.eventBridgeAPIKeyHeader]
        eventBridge.basic = try values[\.eventBridgeBasic]
        eventBridgeTokens = try values.eventBridgeTokens()
        roles = try values.accountRoles()
        importsPerSecond = try values[\.securityHubRequestsPerSecond]
        importBurst = try values[\.securityHubBurst]
        checkSummaries = try values[\.checkSummaries]
        severities = try values[\.severities]
        filter = FindingFilter(
            minimumSeverity: try values[\.minimumSeverity], include: try values[\.include],
            exclude: try values[\.exclude])
        productNames = ProductNames(product: try values[\.productName], company: try values[\.companyName])
        userDefinedFields = try values[\.userDefinedFields]
        staleAfter = try values[\.staleAfter]
        catchUpInterval = try values[\.catchUpInterval]
        connectTo = try values[\.networkConnectTo]
        logLevel = try values[\.logLevel]
        logFormat = try values[\.logFormat]
        warnings = try values.warnings()
        self.sources = sources.values
        settings = values.settings() + sources.settings
        digests = try values.digests().merging(sources.digests) { _, digest in digest }
    }

    /// The number of cores that this process may use, at most 64.
    static var cores: Int { min(max(ProcessInfo.processInfo.activeProcessorCount, 1), 64) }
}
