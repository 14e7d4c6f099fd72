import AWSCore
import Logging
import SNS
import Store

/// What receives deliveries, as the configuration has it at the moment.
final class IntakeHandlers: Sendable {
    let sns: SNSHandler
    let eventBridge: EventBridgeHandler

    init(sns: SNSHandler, eventBridge: EventBridgeHandler) {
        self.sns = sns
        self.eventBridge = eventBridge
    }
}

/// Puts together what receives deliveries: anew for each configuration, around what is remembered across them.
struct IntakeFactory: Sendable {
    let store: any Store
    let certificates: SigningCertificateCache
    let failures: AuthenticationThrottle
    let confirm: @Sendable (_ url: String) async throws -> Int
    let fetchTokenKeys: SigningCertificateCache.Fetch
    let metrics: ProcessMetrics
    let logger: Logger
    let clock: @Sendable () -> Int64

    /// - Parameter last: what received until now: keys that its issuer gave are good for the same issuer.
    func parts(_ configuration: BridgeConfiguration, after last: IntakeHandlers? = nil) -> IntakeHandlers {
        let verifier = SNSVerifier(
            topics: configuration.topics, certificates: certificates,
            maximumAge: configuration.maximumMessageAge.milliseconds,
            minimumVersion: configuration.minimumSignatureVersion)
        let desk = SubscriptionManager(
            policy: configuration.subscriptions, store: store, confirm: confirm, clock: clock, logger: logger)
        let gate = EventBridgeAuthenticator(
            credentials: configuration.eventBridge,
            tokens: tokens(configuration.eventBridgeTokens, last?.eventBridge.gate.tokens), failures: failures)
        return IntakeHandlers(
            sns: SNSHandler(verifier: verifier, store: store, subscriptions: desk, clock: clock),
            eventBridge: EventBridgeHandler(
                gate: gate, served: configuration.topics.accountRegions, store: store, clock: clock))
    }

    private func tokens(_ settings: TokenVerifier.Settings?, _ last: TokenVerifier?) -> TokenVerifier? {
        guard let settings else { return nil }
        if let last, last.settings == settings { return last }
        return TokenVerifier(settings: settings, report: metrics.keysFetched, fetch: fetchTokenKeys)
    }
}
