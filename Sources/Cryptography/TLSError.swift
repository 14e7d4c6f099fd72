/// A failure of a TLS session.
public struct TLSError: Error, Hashable, CustomStringConvertible {
    /// The kind of failure: a fixed set, suitable as a metric label.
    public enum Reason: String, Sendable {
        /// The handshake failed: no version, cipher or protocol in common, or the peer does not trust the certificate.
        case handshakeFailed = "handshake_failed"
        /// After the handshake the peer sent an invalid record or an alert.
        case protocolViolation = "protocol_violation"
        /// More received bytes are pending than a session may hold.
        case tooMuchBuffered = "too_much_buffered"
        /// Data was sent before the handshake was complete.
        case handshakeIncomplete = "handshake_incomplete"
        /// Data was sent after the session was closed locally.
        case closed = "closed"
        /// OpenSSL could not create the session, because memory is exhausted.
        case unavailable = "unavailable"
    }

    /// The kind of failure.
    public let reason: Reason
    /// OpenSSL's error reasons, the root cause first; empty if the error is not OpenSSL's.
    public let details: [String]

    init(_ reason: Reason, details: [String] = []) {
        self.reason = reason
        self.details = details
    }

    /// Reason and details.
    public var description: String {
        details.isEmpty ? "TLS: \(reason.rawValue)" : "TLS: \(reason.rawValue) (\(details.joined(separator: "; ")))"
    }
}
