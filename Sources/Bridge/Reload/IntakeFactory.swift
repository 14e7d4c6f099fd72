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
    let confirm: @Sendable (_ url: String) async throws -> Int
    let fetchTokenKeys: SigningCertificateCache.Fetch
    /// Counts fetches of token keys.
    let metrics: ProcessMetrics
    let logger: Logger
    let clock: @Sendable () -> Timestamp

    /// Creates handlers.
    ///
    /// - Parameter last: the previous handlers: the token keys of an unchanged issuer are reused.
    func handlers(for configuration: BridgeConfiguration, replacing last: IntakeHandlers? = nil) -> IntakeHandlers {
        let verifier = SNSVerifier(
            topics: configuration.topics, certificates: certificates,
            maximumAge: configuration.maximumMessageAge,
            minimumVersion: configuration.minimumSignatureVersion)
        let subscriptions = SubscriptionManager(
            policy: configuration.subscriptions, store: store, confirm: confirm, clock: clock, logger: logger)
        let authenticator = EventBridgeAuthenticator(
            credentials: configuration.eventBridge,
            tokens: tokens(configuration.eventBridgeTokens, last?.eventBridge.authenticator.tokens), failures: failures)
        return IntakeHandlers(
            sns: SNSHandler(
                verifier: verifier, ignored: configuration.ignoredMessages, store: store, subscriptions: subscriptions,
                clock: clock),
            eventBridge: EventBridgeHandler(
                authenticator: authenticator, served: configuration.topics.accountRegions, store: store, clock: clock))
    }

    private func tokens(_ settings: TokenVerifier.Settings?, _ last: TokenVerifier?) -> TokenVerifier? {
        guard let settings else { return nil }
        if let last, last.settings == settings { return last }
        return TokenVerifier(settings: settings, report: metrics.keysFetched, fetch: fetchTokenKeys)
    }
}
