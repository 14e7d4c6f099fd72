import AWSClient
import SNS

/// What another configuration changes while the bridge runs.
struct ReloadableComponents: Sendable {
    let configuration: Reloadable<BridgeConfiguration>
    let intake: Reloadable<IntakeHandlers>
    let admission: Admission
    let certificates: SigningCertificateCache
    private let assembly: IntakeFactory
    private let accounts: AccountClients
    private let deadLetters: DeadLetterKeeper

    init(_ configuration: BridgeConfiguration, _ parts: BridgeRuntime, _ context: FindingWriter) {
        self.configuration = Reloadable(configuration)
        certificates = SigningCertificateCache(
            authorities: parts.authorities, report: context.metrics.process.certificateFetched,
            fetch: parts.fetchCertificate)
        admission = Admission(store: parts.store, maximumPending: configuration.maximumPending)
        assembly = IntakeFactory(
            store: parts.store, certificates: certificates, failures: AuthenticationThrottle(),
            confirm: parts.confirmSubscription, fetchTokenKeys: parts.fetchTokenKeys, metrics: context.metrics.process,
            logger: context.logger, clock: context.clock)
        intake = Reloadable(assembly.parts(configuration))
        accounts = parts.accounts
        deadLetters = context.deadLetters
    }

    /// Has everything go on as another configuration says. What asks ``configuration`` by itself is not told.
    func use(_ configuration: BridgeConfiguration) {
        intake.set(assembly.parts(configuration, after: intake.value))
        admission.use(maximumPending: configuration.maximumPending)
        accounts.setImportRate(configuration.importRate)
        deadLetters.limits.set(configuration.deadLetterLimits)
    }
}
