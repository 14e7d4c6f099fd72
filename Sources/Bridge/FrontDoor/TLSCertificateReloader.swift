import Cryptography
import EventLoop
import HTTPServer
import Logging
import ServiceLifecycle

/// Has the listener use a new certificate when its files change or it is told to look. Connections that are there stay.
struct TLSCertificateReloader: Service {
    let keeper: TLSCertificate?
    let listener: HTTPServer
    let loop: EventLoop
    let metrics: ProcessMetrics
    let logger: Logger

    /// How often the files are looked at: by their contents, since a mounted folder may be replaced as a whole.
    private static let interval = Duration.seconds(5)
    /// How many looks the keys of session tickets live: a day.
    private static let ticketLife = 17_280

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await watch()
            // A service that ends ends the bridge.
            while (try? await loop.sleep(for: .seconds(86_400))) != nil {}
        }
    }

    private func watch() async {
        guard let keeper else { return }
        metrics.certificateExpires(at: keeper.context.certificate.notAfter)
        var looks = 0
        while (try? await loop.sleep(for: Self.interval)) != nil {
            looks += 1
            if looks.isMultiple(of: Self.ticketLife), let fresh = try? keeper.renewTickets() {
                await listener.use(fresh)
            }
            await take(keeper.look(isSteady: true), of: keeper)
        }
    }

    /// Reads the files now.
    func reload() async {
        guard let keeper else { return }
        let outcome = keeper.look(isSteady: false)
        if case .unchanged = outcome { logger.info("The TLS certificate was read again; it is the same.") }
        await take(outcome, of: keeper)
    }

    private func take(_ outcome: TLSCertificate.Outcome, of keeper: TLSCertificate) async {
        switch outcome {
        case .unchanged, .changing: break
        case .replaced(let context):
            await listener.use(context)
            metrics.certificateReloaded("replaced")
            metrics.certificateExpires(at: context.certificate.notAfter)
            logger.info(
                "The TLS certificate was replaced.", metadata: ["name": "\(context.certificate.commonName ?? "")"])
            for warning in keeper.warnings(now: Bridge.now() / 1000) { logger.warning("\(warning)") }
        case .failed(let reason):
            metrics.certificateReloaded("failed")
            logger.error(
                "The new TLS certificate cannot be used; the one before stays in use.",
                metadata: [LogMetadataKey.reason: "\(reason)"])
        }
    }
}
