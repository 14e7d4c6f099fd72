import Encoding
import ErrorCodes
import EventLoop
import HTTPServer
import HTTPTypes
import Intake
import Logging
import Synchronization
import Telemetry

/// Writes the access log and counts failed requests and connections.
final class AccessLog: Sendable {
    private let metrics: IntakeMetrics
    private let logger: Logger
    /// Fields that handlers have added to the lines of requests in progress, by request id. The server reports each handled
    /// request exactly once, also if its connection is closed, so that no entry stays.
    private let added = Mutex<[String: LogFields]>([:])

    init(metrics: IntakeMetrics, logger: Logger) {
        self.metrics = metrics
        self.logger = logger
    }

    /// Adds fields to the line of a request that is being handled.
    func add(_ fields: LogFields, toLineOf request: ServerRequest) {
        added.withLock { $0[request.id] = fields }
    }

    /// Logs and counts an event of the listener.
    func record(_ event: HTTPServerEvent) {
        switch event {
        case .completed(let request):
            let added = added.withLock { $0.removeValue(forKey: request.id) }
            logger.log(.requestCompleted, at: Self.level(request), Self.fields(request, added))
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
    ///
    /// - Parameter added: the fields that the handler has added; nil if there are none.
    static func fields(_ request: AccessLogEntry, _ added: LogFields?) -> LogFields {
        var fields: LogFields = [
            .method: .string(request.method.rawValue), .path: .string(request.path),
            .status: .integer(request.status.code), .received: .integer(request.received),
            .sent: .integer(request.sent), .milliseconds: .decimal(milliseconds(request.duration)),
            .peer: .string(request.peer.text), .request: .string(request.id), .tls: request.tls.map { .string($0) },
            .agent: request.userAgent.map { .string($0) },
        ]
        if let added { fields.add(added) }
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
