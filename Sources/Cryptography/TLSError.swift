/// Why a TLS session cannot go on, or not do what it was asked to do.
public struct TLSError: Error, Hashable, CustomStringConvertible {
    /// The kind of failure: a fixed set of words, fit for labels of metrics.
    public enum Reason: String, Sendable {
        /// The handshake failed: no version, cipher or protocol in common, or the peer does not trust the certificate.
        case handshakeFailed = "handshake_failed"
        /// After the handshake the peer sent what is not a valid record, or an alert.
        case protocolViolation = "protocol_violation"
        /// The peer has more bytes waiting than a session holds: they were not drained.
        case tooMuchBuffered = "too_much_buffered"
        /// Something was to be sent before the handshake was complete.
        case handshakeIncomplete = "handshake_incomplete"
        /// Something was to be sent after the session was closed from this side.
        case closed = "closed"
        /// OpenSSL could not make the session, for lack of memory.
        case unavailable = "unavailable"
    }

    /// The kind of failure.
    public let reason: Reason
    /// OpenSSL's own reasons in words, the first cause first; empty where the refusal is not OpenSSL's.
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
