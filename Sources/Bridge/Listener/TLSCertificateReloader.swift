import Cryptography
import Encoding
import EventLoop
import HTTPServer
import Logging
import ServiceLifecycle
import Telemetry

/// Reloads the listener's certificate when its files change, and on SIGHUP. Existing connections keep theirs.
struct TLSCertificateReloader: Service {
    let tlsCertificate: TLSCertificate?
    let listener: HTTPServer
    let loop: EventLoop
    let metrics: ProcessMetrics
    let logger: Logger

    /// How often the files are polled. Their contents are compared, because a mounted folder may be replaced as a whole.
    private static let interval = Duration.seconds(5)
    /// After how many polls the session ticket keys are rotated: a day.
    private static let ticketRotation = 17_280

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await pollFiles()
            // A service that returns would end the bridge.
            while (try? await loop.sleep(for: .seconds(86_400))) != nil {}
        }
    }

    private func pollFiles() async {
        guard let tlsCertificate else { return }
        metrics.certificateExpires(at: tlsCertificate.context.certificate.notAfter)
        var polls = 0
        while (try? await loop.sleep(for: Self.interval)) != nil {
            polls += 1
            if polls.isMultiple(of: Self.ticketRotation), let fresh = try? tlsCertificate.renewTickets() {
                await listener.use(fresh)
            }
            await apply(tlsCertificate.poll(isSteady: true), of: tlsCertificate)
        }
    }

    /// Reloads the files immediately, on SIGHUP.
    func reload() async {
        guard let tlsCertificate else { return }
        let outcome = tlsCertificate.poll(isSteady: false)
        if case .unchanged = outcome { logger.log(.certificateUnchanged) }
        await apply(outcome, of: tlsCertificate)
    }

    private func apply(_ outcome: TLSCertificate.Outcome, of tlsCertificate: TLSCertificate) async {
        switch outcome {
        case .unchanged, .changing: break
        case .replaced(let context):
            await listener.use(context)
            metrics.certificateReloaded("replaced")
            metrics.certificateExpires(at: context.certificate.notAfter)
            logger.log(.certificateReplaced, [.name: .string(context.certificate.commonName ?? "")])
            tlsCertificate.logWarnings(to: logger, now: WallClock.now())
        case .failed(let reason):
            metrics.certificateReloaded("failed")
            logger.log(.certificateReloadFailed, [.reason: .string(reason)])
        }
    }
}
