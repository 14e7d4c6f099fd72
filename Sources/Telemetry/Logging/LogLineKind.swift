import EventLoop
import Logging

/// What log lines have in common that count as repetitions of each other; see ``RepeatedLineLimiter``.
struct LogLineKind: Hashable, Sendable {
    let level: Logger.Level
    let message: String
    /// The cause, or the status of a request; nil if the line has none.
    let code: String?
    /// The host of the client that the lines are about; nil for all clients together.
    let peer: String?

    private init(level: Logger.Level, message: String, code: String?, peer: String? = nil) {
        self.level = level
        self.message = message
        self.code = code
        self.peer = peer
    }

    /// The kind of a line that may be suppressed: it is a warning, has a code, or is about a client's error; nil for a line
    /// that is always written.
    init?(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) {
        if let code = metadata[LogMetadataKey.code.rawValue] {
            self.init(level: level, message: message, code: code.description)
        } else if message == LogEvent.requestCompleted.message,
            let status = metadata[LogMetadataKey.status.rawValue]?.description, status.hasPrefix("4")
        {
            // A misconfigured client repeats its error.
            let peer = metadata[LogMetadataKey.peer.rawValue]?.description ?? ""
            self.init(level: level, message: message, code: status, peer: SocketAddress(peer)?.host ?? peer)
        } else if level >= .warning {
            self.init(level: level, message: message, code: nil)
        } else {
            return nil
        }
    }

    /// The kind for all clients together, used when there are too many clients; nil if it is not about a client.
    var ofAnyPeer: LogLineKind? { peer.map { _ in LogLineKind(level: level, message: message, code: code) } }
}
