import AWSClient
import SNS

/// What another configuration changes while the bridge runs.
struct LiveParts: Sendable {
    let configuration: Live<BridgeConfiguration>
    let intake: Live<IntakeParts>
    let admission: Admission
    let certificates: SigningCertificateCache
    private let assembly: IntakeAssembly
    private let accounts: AWSAccounts
    private let deadLetters: DeadLetterKeeper

    init(_ configuration: BridgeConfiguration, _ parts: BridgeParts, _ context: LaneContext) {
        self.configuration = Live(configuration)
        certificates = SigningCertificateCache(
            authorities: parts.authorities, report: context.metrics.process.certificateFetched,
            fetch: parts.fetchCertificate)
        admission = Admission(store: parts.store, maximumPending: configuration.maximumPending)
        assembly = IntakeAssembly(
            store: parts.store, certificates: certificates, failures: FailureLimit(),
            confirm: parts.confirmSubscription, fetchTokenKeys: parts.fetchTokenKeys, metrics: context.metrics.process,
            logger: context.logger, clock: context.clock)
        intake = Live(assembly.parts(configuration))
        accounts = parts.accounts
        deadLetters = context.deadLetters
    }

    /// Has everything go on as another configuration says. What asks ``configuration`` by itself is not told.
    func use(_ configuration: BridgeConfiguration) {
        intake.set(assembly.parts(configuration, after: intake.value))
        admission.use(maximumPending: configuration.maximumPending)
        accounts.use(configuration.importRate)
        deadLetters.limits.set(configuration.deadLetterLimits)
    }
}
