import Logging
import Store
import Telemetry

/// Reports what a catch-up found to the metrics and the log.
struct CatchUpReporter: Sendable {
    let lane: DeliveryLane
    let metrics: ProcessingMetrics
    let logger: Logger

    func report(_ result: CatchUpResult) {
        metrics.caughtUp(result)
        for reason in result.denied {
            logger.log(.catchUpAccessDenied, .about(lane, [.reason: .string(reason)]))
        }
        if result.unread > 0 {
            logger.log(.catchUpEntriesNotParsed, .about(lane, [.count: .integer(result.unread)]))
        }
        guard result.audits + result.alarms + result.ends + result.verifications > 0 else { return }
        logger.log(
            .catchUpFoundMissedEvents,
            .about(
                lane,
                [
                    .audits: .integer(result.audits), .alarms: .integer(result.alarms), .ended: .integer(result.ends),
                    .verifications: .integer(result.verifications),
                ]))
    }
}
