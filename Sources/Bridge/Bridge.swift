import AWSClient
import Admin
package import CoreMetrics
import Cryptography
import Encoding
package import EventLoop
import HTTPClient
import HTTPServer
import HTTPTypes
import Intake
package import Logging
import Planning
import Processing
import SNS
import ServiceLifecycle
import Store
package import Telemetry

/// A bridge: listener, admin server, workers and store.
///
/// The initializer opens the store and listens. ``run()`` processes deliveries until ``stop()`` is called or SIGTERM or
/// SIGINT arrives; when it returns, everything is closed.
package final class Bridge: Sendable {
    /// The product's version.
    package static let version = "0.1.0"

    /// The address of the listener, with the actual port if port 0 was configured.
    package let listenAddress: SocketAddress
    /// The address of the admin server.
    package let adminAddress: SocketAddress

    /// All addresses of the listener, comma-separated.
    private let listenAddresses: String
    private let configuration: BridgeConfiguration
    private let logger: Logger
    private let runtime: BridgeRuntime
    private let group: ServiceGroup
    private let store: OpeningStore

    /// How long a shutdown waits for responses to requests in progress.
    private static let drainLimit = Duration.seconds(3)

    /// Starts to listen, then opens the store.
    ///
    /// Waits at most a few seconds for the store. If the store is not open by then, ``run()`` keeps trying, and deliveries
    /// are rejected with status 503 until it is.
    ///
    /// - Parameters:
    ///   - configuration: the settings.
    ///   - environment: the process's environment, for AWS's own settings.
    ///   - registry: the metrics that the admin server exports.
    ///   - factory: replaces the registry as the destination of metrics, for benchmarks; nil for the registry.
    ///   - logger: the bridge's logger.
    ///   - log: the logger's destination, whose level and format a reload changes; nil if they are fixed.
    ///   - reload: reads the configuration again at SIGHUP; nil leaves SIGHUP with its default action.
    ///   - replacesDamagedStore: whether a damaged store is renamed and replaced with an empty one; otherwise the start fails.
    /// - Throws: ``ConfigurationError`` for invalid settings, and if an address or the store is in use.
    package init(
        configuration: BridgeConfiguration, environment: [String: String], registry: PrometheusRegistry,
        countingBy factory: (any MetricsFactory)? = nil, logger: Logger, log: LogSink? = nil,
        reload: (@Sendable () throws -> BridgeConfiguration)? = nil, replacesDamagedStore: Bool = false
    ) async throws {
        self.configuration = configuration
        self.logger = logger
        let metrics = BridgeMetrics(factory: factory ?? registry)
        let activity = ActivityLog(clock: WallClock.now)
        let reportDamage: @Sendable (String) -> Void = { file in
            logger.log(.storeReplaced, [.file: .string(file)])
        }
        let store = StoreFactory.later(
            configuration.store, replaceDamagedStore: replacesDamagedStore ? reportDamage : nil,
            report: { event in
                metrics.store.record(event)
                guard case .migrated(let findings, let total) = event else { return }
                logger.log(.storeMigrating, [.findings: .integer(findings), .count: .integer(total)])
            })
        self.store = store
        let runtime = try await BridgeRuntime(
            configuration: configuration, environment: environment, reloadsOnHangup: reload != nil,
            report: { call in
                metrics.aws.recordCall(call)
                activity.recordCall(call)
            }, stop: store.stopWaiting, openStore: { _ in store })
        self.runtime = runtime
        var servers: [HTTPServer] = []
        do {
            let processing = ProcessingComponents(
                store: runtime.store, clock: AWSClock(loop: runtime.clientLoops[0].loop),
                trust: runtime.clockTrust(isChecked: true, logger), metrics: metrics.work, logger: logger,
                activity: activity, deadLetterLimits: configuration.deadLetterLimits)
            let manager = SystemdManager(environment: environment)
            let listenerConfiguration = try ListenerConfiguration(
                configuration, tls: runtime.certificate?.context, manager: manager,
                descriptorLimit: DescriptorLimit.raise())
            let outageTracker = OutageTracker()
            let components = ReloadableComponents(
                configuration, runtime, processing, metrics.process, logger)
            let recorder = IntakeRecorder(
                metrics: metrics.intake, activity: activity, gap: outageTracker, outage: processing.outage,
                accessLog: AccessLog(metrics: metrics.intake, logger: logger), logger: logger,
                clock: WallClock.now)
            let listener = try await Self.listener(runtime, listenerConfiguration, recorder, components, processing)
            servers.append(listener)
            let (admin, statusStream) = try await Self.admin(
                runtime, listenerConfiguration, components, processing, activity, metrics, registry)
            servers.append(admin)
            (listenAddress, adminAddress) = (listener.address, admin.address)
            listenAddresses = listener.addresses.map(\.description).joined(separator: ",")
            let workers = processing.workers(
                runtime.accounts, components.processing, owner: BridgeRuntime.leaseOwner)
            let certificates = TLSCertificateReloader(
                tlsCertificate: runtime.certificate, listener: listener, loop: runtime.mainLoop,
                metrics: metrics.process,
                logger: logger)
            func afterStoreOpens(_ service: any Service) -> any Service {
                StoreDependentService(store: store, service: service)
            }
            // They stop in reverse order: first the listener, then the workers.
            var services: [any Service] = [
                afterStoreOpens(
                    CatchUpScheduler(
                        store: runtime.store, clock: processing.clock, trust: processing.trust,
                        settings: components.processing, gap: outageTracker, logger: logger)),
                afterStoreOpens(
                    MaintenanceService(
                        store: runtime.store, clock: processing.clock, trust: processing.trust,
                        deadLetters: processing.deadLetters, settings: components.processing, logger: logger)),
                afterStoreOpens(processing.taskScheduler(components.processing, gap: outageTracker)),
                afterStoreOpens(
                    LastDeliveryRecorder(
                        store: runtime.store, activity: activity, loop: runtime.mainLoop, logger: logger)),
                afterStoreOpens(
                    HistoryRecorder(
                        store: runtime.store, trust: processing.trust, clock: processing.clock, logger: logger)),
                afterStoreOpens(IntegrityMonitor(store: runtime.store, logger: logger)),
                StoreProbe(readiness: processing.readiness, outage: processing.outage, loop: runtime.mainLoop),
                EventLoopLagMonitor(loops: runtime.loops, metrics: metrics.process),
                afterStoreOpens(workers), statusStream,
                ServerService(server: admin, limit: .seconds(1)),
                ServerService(server: listener, limit: Self.drainLimit),
                certificates,
                SystemdNotifier(manager: manager, listener: listener, store: store, loop: runtime.mainLoop),
            ]
            if let log { services.insert(RepeatedLineService(sink: log, loop: runtime.mainLoop), at: 0) }
            if let reload {
                let reloading = ConfigurationReloader(
                    hangups: runtime.hangups, load: reload, started: configuration, running: components.configuration,
                    apply: { read in
                        components.use(read)
                        log?.update(level: read.logLevel, format: read.logFormat)
                    }, certificates: certificates, metrics: metrics.process, manager: manager, logger: logger)
                // A reload notifies systemd that the bridge is ready, which it must not do before the store is open.
                services.insert(afterStoreOpens(reloading), at: services.count - 1)
            }
            var quiet = logger
            quiet.logLevel = max(logger.logLevel, .warning)
            group = ServiceGroup(services: services, logger: quiet)
            store.start { processing.outage.failed($0.message) }
            do throws(StoreError) {
                try await store.waitForFirstAttempt()
            } catch {
                throw ConfigurationError(error)
            }
        } catch {
            for server in servers { await server.drain(within: .zero) }
            await runtime.close()
            throw error
        }
    }

    /// Processes deliveries until ``stop()`` is called, or SIGTERM or SIGINT arrives; then shuts down within ten seconds and
    /// closes everything. Must be called once.
    ///
    /// - Returns: the signal that ended it, or nil for ``stop()``.
    /// - Throws: ``ConfigurationError`` if the store turns out to be unusable.
    @discardableResult
    package func run() async throws -> CInt? {
        logger.log(
            .bridgeListening,
            [
                .version: .string(Self.version), .listen: .string(listenAddresses), .admin: "\(adminAddress)",
                .tlsEnabled: .boolean(configuration.tls != nil), .topics: .integer(configuration.topics.patterns.count),
            ])
        configuration.logWarnings(to: logger)
        runtime.certificate?.logWarnings(to: logger, now: WallClock.now())
        let stopping = Task { [runtime, group, logger] () -> CInt? in
            for await signal in runtime.signals {
                logger.log(.stopRequested, [.signal: .integer(signal)])
                await group.triggerGracefulShutdown()
                return signal
            }
            return nil
        }
        var signal: CInt?
        try await withCleanup {
            try await group.run()
        } cleanup: {
            stopping.cancel()
            signal = await stopping.value
            await runtime.close()
            logger.log(.bridgeStopped)
        }
        return signal
    }

    /// Starts the shutdown that ends ``run()``.
    package func stop() async { await group.triggerGracefulShutdown() }

    // MARK: Servers

    private static func listener(
        _ runtime: BridgeRuntime, _ listenerConfiguration: ListenerConfiguration, _ recorder: IntakeRecorder,
        _ components: ReloadableComponents, _ processing: ProcessingComponents
    ) async throws -> HTTPServer {
        let routes = IntakeRoutes(
            intake: components.intake, admission: components.admission, observer: recorder)
        var router = routes.router
        health(runtime, processing).add(to: &router)
        var server = listenerConfiguration.server
        server.wantsBody = routes.wantsBody
        return try await listen(
            key: "listen.address", on: runtime.listenLoops, sockets: listenerConfiguration.listenSockets, server,
            handler: { [router] request in
                recorder.recordMisdirected(request)
                return await router.respond(to: request)
            }, report: { recorder.accessLog.record($0) })
    }

    private static func certificateStatus(_ runtime: BridgeRuntime) -> @Sendable (Timestamp) -> CertificateStatus {
        { [certificate = runtime.certificate] now in
            certificate.map {
                CertificateStatus(warnings: $0.warnings(now: now), isValid: $0.isValid(now: now))
            } ?? CertificateStatus()
        }
    }

    private static func health(_ runtime: BridgeRuntime, _ processing: ProcessingComponents) -> HealthRoutes {
        HealthRoutes(
            readiness: processing.readiness, certificate: certificateStatus(runtime), outage: processing.outage,
            clock: WallClock.now)
    }

    private static func admin(
        _ runtime: BridgeRuntime, _ listenerConfiguration: ListenerConfiguration, _ components: ReloadableComponents,
        _ processing: ProcessingComponents, _ activity: ActivityLog, _ bridgeMetrics: BridgeMetrics,
        _ registry: PrometheusRegistry
    ) async throws -> (HTTPServer, StatusStream) {
        let source = StatusSource(runtime.store, clock: WallClock.now)
        let metrics = MetricsCollector(
            source: source, settings: components.administration, accounts: runtime.accounts,
            circuitBreakers: processing.circuitBreakers, certificates: components.certificates,
            admission: components.admission,
            outage: processing.outage, build: BuildInformation.labels(version: version),
            arrivals: bridgeMetrics.intake.arrivals,
            accountRegions: bridgeMetrics.accountRegions, clock: WallClock.now,
            isClockTrusted: { processing.trust.isTrusted })
        let report = StatusReport(
            source: source, settings: components.administration, circuitBreakers: processing.circuitBreakers,
            activity: activity, outage: processing.outage, certificate: certificateStatus(runtime), version: version,
            startedAt: WallClock.now(), clock: WallClock.now)
        let statusStream = StatusStream(pause: { [loop = runtime.mainLoop] in
            try await loop.sleep(for: StatusStream.interval)
        }) {
            await report.json()
        }
        let gate = ActionGate(settings: components.administration, logger: processing.logger)
        let routes = AdminRoutes(
            metrics: metrics, registry: registry, report: report, statusStream: statusStream,
            deadLetters: DeadLetterRoutes(
                store: runtime.store, gate: gate, logger: processing.logger, onChange: { source.invalidate() }),
            pauses: PauseRoutes(
                store: runtime.store, gate: gate, logger: processing.logger, clock: WallClock.now,
                onChange: { source.invalidate() }),
            accountRegions: AccountRegionRoutes(report: report, store: runtime.store, accounts: runtime.accounts),
            deliveries: DeliveryRoutes(
                store: runtime.store, activity: activity, replica: BridgeRuntime.leaseOwner, clock: WallClock.now),
            history: HistoryRoutes(store: runtime.store, clock: WallClock.now),
            health: health(runtime, processing), settings: components.administration)
        let server = try await listen(
            key: "admin.address", on: [runtime.mainLoop], sockets: listenerConfiguration.adminSockets,
            listenerConfiguration.admin, handler: routes.handler)
        return (server, statusStream)
    }

    private static func listen(
        key: String, on loops: [EventLoop], sockets: [[ListeningSocket]], _ configuration: HTTPServer.Configuration,
        handler: @escaping Router.Handler, report: @escaping @Sendable (HTTPServerEvent) -> Void = { _ in }
    ) async throws -> HTTPServer {
        do throws(EventLoopError) {
            return try await HTTPServer(
                on: loops, sockets: sockets, configuration: configuration, handler: handler, report: report)
        } catch {
            throw ConfigurationError(key, "\(error). Free the address or choose another one.")
        }
    }
}

/// Drains a server at shutdown.
private struct ServerService: Service {
    let server: HTTPServer
    let limit: Duration

    func run() async {
        try? await gracefulShutdown()
        await server.drain(within: limit)
    }
}
