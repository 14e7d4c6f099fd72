import AWSCore
import Logging
import SNS
import Store

/// What receives deliveries, as the configuration has it at the moment.
final class IntakeParts: Sendable {
    let sns: SNSIntake
    let eventBridge: EventBridgeIntake

    init(sns: SNSIntake, eventBridge: EventBridgeIntake) {
        self.sns = sns
        self.eventBridge = eventBridge
    }
}

/// Puts together what receives deliveries: anew for each configuration, around what is remembered across them.
struct IntakeAssembly: Sendable {
    let store: any Store
    let certificates: SigningCertificateCache
    let failures: FailureLimit
    let confirm: @Sendable (_ url: String) async throws -> Int
    let fetchTokenKeys: SigningCertificateCache.Fetch
    let metrics: ProcessMetrics
    let logger: Logger
    let clock: @Sendable () -> Int64

    /// - Parameter last: what received until now: keys that its issuer gave are good for the same issuer.
    func parts(_ configuration: BridgeConfiguration, after last: IntakeParts? = nil) -> IntakeParts {
        let verifier = SNSVerifier(
            topics: configuration.topics, certificates: certificates,
            maximumAge: configuration.maximumMessageAge.milliseconds,
            minimumVersion: configuration.minimumSignatureVersion)
        let desk = SubscriptionDesk(
            policy: configuration.subscriptions, store: store, confirm: confirm, clock: clock, logger: logger)
        let gate = EventBridgeGate(
            credentials: configuration.eventBridge,
            tokens: tokens(configuration.eventBridgeTokens, last?.eventBridge.gate.tokens), failures: failures)
        return IntakeParts(
            sns: SNSIntake(verifier: verifier, store: store, subscriptions: desk, clock: clock),
            eventBridge: EventBridgeIntake(
                gate: gate, served: configuration.topics.origins, store: store, clock: clock))
    }

    private func tokens(_ settings: TokenVerifier.Settings?, _ last: TokenVerifier?) -> TokenVerifier? {
        guard let settings else { return nil }
        if let last, last.settings == settings { return last }
        return TokenVerifier(settings: settings, report: metrics.keysFetched, fetch: fetchTokenKeys)
    }
}
