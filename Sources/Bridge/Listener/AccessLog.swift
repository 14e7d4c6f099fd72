import ErrorCodes
import EventLoop
import HTTPServer
import HTTPTypes
import Logging

/// Writes the access log and counts failed requests and connections.
struct AccessLog: Sendable {
    let metrics: IntakeMetrics
    let logger: Logger

    /// Logs and counts an event of the listener.
    func record(_ event: HTTPServerEvent) {
        switch event {
        case .completed(let request):
            logger.log(
                level: Self.level(request), "A request was answered.",
                metadata: [LogFields.key: .stringConvertible(Self.fields(request))])
        case .rejected(let fault, let id, let peer):
            metrics.countFault(code: fault.code)
            logger.warning(
                "A request was refused.",
                metadata: [
                    "status": "\(fault.status.code)", LogMetadataKey.code: "\(fault.code)",
                    LogMetadataKey.reason: "\(fault.message)",
                    "peer": "\(peer.text)", "request": "\(id)",
                ])
        case .tlsFailed(let reason, let peer):
            metrics.countFault(code: .tlsFailed)
            logger.info(
                "A TLS connection failed.",
                metadata: [
                    LogMetadataKey.code: "\(ErrorCode.tlsFailed)", LogMetadataKey.reason: "\(reason)",
                    "peer": "\(peer.text)",
                ])
        case .proxyHeaderRejected(let reason, let peer):
            metrics.countFault(code: .proxyHeaderRejected)
            logger.warning(
                "A connection was refused.",
                metadata: [
                    LogMetadataKey.code: "\(ErrorCode.proxyHeaderRejected)", LogMetadataKey.reason: "\(reason)",
                    "peer": "\(peer.text)",
                ])
        case .timedOut(let limit, let peer):
            metrics.countFault(code: .timedOut)
            logger.info(
                "A client took too long.",
                metadata: [
                    LogMetadataKey.code: "\(ErrorCode.timedOut)", "for": "\(limit.rawValue)", "peer": "\(peer.text)",
                ])
        case .connectionLimitReached(let idleClosed, let rejected):
            metrics.connectionLimitReached(idleClosed: idleClosed, rejected: rejected)
            logger.warning(
                "There are too many connections. See listen.maxConnections and listen.maxConnectionsPerAddress.",
                metadata: ["idleClosed": "\(idleClosed)", "refused": "\(rejected)"])
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
        fields.add("method", request.method.rawValue)
        fields.add("path", request.path)
        fields.add("status", String(request.status.code))
        fields.add("received", String(request.received))
        fields.add("sent", String(request.sent))
        fields.add(LogMetadataKey.milliseconds, milliseconds(request.duration))
        fields.add("peer", request.peer.text)
        fields.add("request", request.id)
        if let tls = request.tls { fields.add("tls", tls) }
        if let agent = request.userAgent { fields.add("agent", agent) }
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

extension SocketAddress? {
    /// The address for a log line; `unknown` if there is none.
    var text: String { self?.description ?? "unknown" }
}
