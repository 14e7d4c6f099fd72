import AWSClient
import Admin
import Encoding
import EventLoop
import Intake
import Logging
import Processing
import SNS

/// The components that a configuration reload changes.
struct ReloadableComponents: Sendable {
    let configuration: Reloadable<BridgeConfiguration>
    /// The parts of ``configuration`` that processing and the admin server read.
    let processing: Reloadable<ProcessingSettings>
    let administration: Reloadable<AdminSettings>
    let intake: Reloadable<IntakeHandlers>
    let admission: Admission
    let certificates: SigningCertificateCache
    private let assembly: IntakeFactory
    private let accounts: AccountClients
    private let deadLetters: DeadLetterKeeper

    init(
        _ configuration: BridgeConfiguration, _ runtime: BridgeRuntime, _ work: ProcessingComponents,
        _ metrics: ProcessMetrics, _ logger: Logger
    ) {
        self.configuration = Reloadable(configuration)
        processing = Reloadable(configuration.processing)
        administration = Reloadable(configuration.administration)
        certificates = SigningCertificateCache(
            authorities: runtime.authorities, report: metrics.certificateFetched,
            fetch: runtime.fetchCertificate)
        admission = Admission(store: runtime.store, maximumPending: configuration.maximumPending)
        assembly = IntakeFactory(
            store: runtime.store, certificates: certificates, failures: AuthenticationThrottle(),
            webhookFailures: AuthenticationThrottle(),
            confirm: runtime.confirmSubscription, fetchTokenKeys: runtime.fetchTokenKeys,
            metrics: metrics, logger: logger, clock: WallClock.now,
            trustedTime: { [trust = work.trust] in trust.trustedTime })
        intake = Reloadable(assembly.handlers(for: configuration))
        accounts = runtime.accounts
        deadLetters = work.deadLetters
    }

    /// Applies a configuration, except to components that read ``configuration`` themselves.
    func use(_ configuration: BridgeConfiguration) {
        processing.set(configuration.processing)
        administration.set(configuration.administration)
        intake.set(assembly.handlers(for: configuration, replacing: intake.value))
        admission.use(maximumPending: configuration.maximumPending)
        accounts.setImportRate(configuration.importRate)
        deadLetters.limits.set(configuration.deadLetterLimits)
    }
}
