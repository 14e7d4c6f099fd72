import Encoding
import ErrorCodes
import EventLoop
import HTTPServer
import HTTPTypes
import Intake
import Logging
import Telemetry

/// Writes the access log and counts failed requests and connections.
struct AccessLog: Sendable {
    let metrics: IntakeMetrics
    let logger: Logger

    /// Logs and counts an event of the listener.
    func record(_ event: HTTPServerEvent) {
        switch event {
        case .completed(let request):
            logger.log(.requestCompleted, at: Self.level(request), Self.fields(request))
        case .rejected(let fault, let id, let peer):
            metrics.countFault(code: fault.code)
            logger.log(
                .requestRejected,
                [
                    .status: .integer(fault.status.code), .code: "\(fault.code)", .reason: .string(fault.message),
                    .peer: .string(peer.text), .request: .string(id),
                ])
        case .tlsFailed(let reason, let peer):
            metrics.countFault(code: .tlsFailed)
            logger.log(
                .tlsFailed, [.code: "\(ErrorCode.tlsFailed)", .reason: .string(reason), .peer: .string(peer.text)])
        case .proxyHeaderRejected(let reason, let peer):
            metrics.countFault(code: .proxyHeaderRejected)
            logger.log(
                .proxyHeaderRejected,
                [
                    .code: "\(ErrorCode.proxyHeaderRejected)", .reason: .string(reason), .peer: .string(peer.text),
                ])
        case .timedOut(let limit, let peer):
            metrics.countFault(code: .timedOut)
            logger.log(
                .clientTimedOut,
                [.code: "\(ErrorCode.timedOut)", .duration: .string(limit.rawValue), .peer: .string(peer.text)])
        case .connectionLimitReached(let idleClosed, let rejected):
            metrics.connectionLimitReached(idleClosed: idleClosed, rejected: rejected)
            logger.log(
                .connectionLimitReached, [.idleClosed: .integer(idleClosed), .refused: .integer(rejected)])
        }
    }

    /// The level of a request's line: `debug` for health checks, which come every few seconds.
    static func level(_ request: AccessLogEntry) -> Logger.Level {
        request.path == "/healthz" || request.path == "/readyz" ? .debug : .info
    }

    /// The fields of an access log line. The query is left out, because it may contain secrets.
    static func fields(_ request: AccessLogEntry) -> LogFields {
        var fields = LogFields(capacity: 10 + request.details.count)
        // A misconfigured client repeats its error, so such lines are grouped.
        if request.status.kind == .clientError {
            fields.group = LogFields.Group(
                code: String(request.status.code), peer: request.peer?.host ?? request.peer.text)
        }
        fields.add(.method, .string(request.method.rawValue))
        fields.add(.path, .string(request.path))
        fields.add(.status, .integer(request.status.code))
        fields.add(.received, .integer(request.received))
        fields.add(.sent, .integer(request.sent))
        fields.add(.milliseconds, .literal(milliseconds(request.duration)))
        fields.add(.peer, .string(request.peer.text))
        fields.add(.request, .string(request.id))
        if let tls = request.tls { fields.add(.tls, .string(tls)) }
        if let agent = request.userAgent { fields.add(.agent, .string(agent)) }
        fields.add(request.details)
        return fields
    }

    /// A duration in milliseconds, with three decimal places.
    static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let rest = microseconds % 1000
        return String(microseconds / 1000) + (rest < 10 ? ".00" : rest < 100 ? ".0" : ".") + String(rest)
    }
}
