import AWSCore
import Encoding
import Intake
import Logging
import SNS
import Store

/// Creates the handlers for a configuration. What outlives a reload (caches, throttles) is shared by all of them.
struct IntakeFactory: Sendable {
    let store: any Store
    let certificates: SigningCertificateCache
    let failures: AuthenticationThrottle
    /// Limits failures at webhooks, apart from those at `/eventbridge`: a success exempts an address.
    let webhookFailures: AuthenticationThrottle
    let confirm: @Sendable (_ url: String) async throws -> Int
    let fetchTokenKeys: SigningCertificateCache.Fetch
    /// Counts fetches of token keys.
    let metrics: ProcessMetrics
    let logger: Logger
    let clock: @Sendable () -> Timestamp
    /// The time, unless this machine's clock is not trusted.
    let trustedTime: @Sendable () -> Timestamp?

    /// Creates handlers.
    ///
    /// - Parameter last: the previous handlers: the token keys of an unchanged issuer are reused.
    func handlers(for configuration: BridgeConfiguration, replacing last: IntakeHandlers? = nil) -> IntakeHandlers {
        let sources = configuration.sources.map { source in
            (
                configuration: source,
                value: MappedSource(
                    name: source.name, mapping: source.mapping.mapping,
                    rateLimit: source.rateLimit.map { ItemRateLimiter(rate: $0) })
            )
        }
        let subscriptions = SubscriptionManager(
            policy: configuration.subscriptions, store: store, confirm: confirm, clock: clock, logger: logger)
        let authenticator = EventBridgeAuthenticator(
            credentials: configuration.eventBridge,
            tokens: configuration.eventBridgeTokens.map { tokens($0, last?.eventBridge.authenticator.tokens) },
            failures: failures)
        return IntakeHandlers(
            sns: SNSHandler(
                verifier: verifier(of: configuration.topics, configuration),
                sources: sources.map {
                    TopicSource(source: $0.value, verifier: verifier(of: $0.configuration.topics, configuration))
                }, ignored: configuration.ignoredMessages, store: store, subscriptions: subscriptions, clock: clock),
            eventBridge: EventBridgeHandler(
                authenticator: authenticator, served: configuration.topics.accountRegions,
                sources: sources.compactMap { source in
                    source.configuration.eventAccounts.map {
                        EventSource(
                            source: source.value, patterns: source.configuration.events,
                            accounts: EventSource.Accounts($0, served: configuration.topics.accountRegions))
                    }
                }, store: store, clock: clock),
            webhooks: WebhookHandler(
                sources.compactMap { source in
                    source.configuration.webhook.map { webhook($0, of: source.value, replacing: last?.webhooks) }
                }, failures: webhookFailures, store: store, clock: clock, trustedTime: trustedTime))
    }

    private func verifier(of topics: TopicPolicy, _ configuration: BridgeConfiguration) -> SNSVerifier {
        SNSVerifier(
            topics: topics, certificates: certificates, maximumAge: configuration.maximumMessageAge,
            minimumVersion: configuration.minimumSignatureVersion)
    }

    private func webhook(
        _ webhook: SourceConfiguration.Webhook, of source: MappedSource, replacing last: WebhookHandler?
    ) -> WebhookHandler.Webhook {
        let verifier = last?.webhooks[source.name]?.authenticator.tokens
        return WebhookHandler.Webhook(
            source: source, accountRegion: webhook.accountRegion,
            authenticator: WebhookAuthenticator(webhook.authentication) { tokens($0, verifier) })
    }

    private func tokens(_ settings: TokenVerifier.Settings, _ last: TokenVerifier?) -> TokenVerifier {
        if let last, last.settings == settings { return last }
        return TokenVerifier(settings: settings, report: metrics.keysFetched, fetch: fetchTokenKeys)
    }
}

extension EventSource.Accounts {
    /// - Parameter served: the accounts and Regions of `sns.topics`.
    fileprivate init(_ accounts: SourceConfiguration.EventAccounts, served: Set<AccountRegion>) {
        self =
            switch accounts {
            case .all: .accountRegions(served)
            case .listed(let accounts): .accounts(accounts)
            }
    }
}
