/// Why a request has no response.
public struct HTTPClientError: Error, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// There was no complete response in time, or no connection.
        case timedOut
        /// The peer, or the proxy before it, could not be reached, or broke off while TLS was set up.
        case connectFailed
        /// The name of the peer, or of the proxy before it, has no address.
        case nameNotResolved
        /// The peer's certificate was refused, or the peer and we share no version of TLS.
        case tlsRejected
        /// The connection ended before the response did.
        case connectionLost
        /// The response's body is longer than the limit.
        case bodyTooLarge
        /// The response's head is longer than the limit.
        case headTooLarge
        /// The task was canceled, or the client was shut down.
        case canceled
        /// The request cannot be sent, or not be signed, as it is.
        case invalidRequest
        /// No request can be signed so: its credentials, its Region or its time cannot be used.
        case invalidSigning
        /// The client's configuration is not usable.
        case invalidConfiguration
        /// Anything else, for example a response that is not HTTP.
        case other
    }

    /// The kind of failure.
    public let code: Code
    /// The failure in words, without the request's path, query, fields, body or credentials.
    public let message: String
    /// Whether it failed before anything of the request was sent, for example while the connection was set up.
    public let isUnsent: Bool

    /// Makes an error; the message must hold nothing secret.
    ///
    /// - Parameter isUnsent: whether nothing of the request was sent; nil if the kind of failure tells.
    public init(_ code: Code, _ message: String, isUnsent: Bool? = nil) {
        self.code = code
        self.message = message
        self.isUnsent = isUnsent ?? code.isUnsent
    }

    /// Whether the same request may succeed later without anyone doing anything.
    public var isTransient: Bool {
        switch code {
        case .timedOut, .connectFailed, .nameNotResolved, .connectionLost: true
        case .tlsRejected, .bodyTooLarge, .headTooLarge, .canceled, .invalidRequest, .invalidSigning,
            .invalidConfiguration, .other:
            false
        }
    }

    /// The failure in words.
    public var description: String { message }
}

extension HTTPClientError.Code {
    /// Whether such a failure comes before anything of the request is sent, wherever it happens.
    fileprivate var isUnsent: Bool {
        switch self {
        case .connectFailed, .nameNotResolved, .tlsRejected, .invalidRequest, .invalidSigning, .invalidConfiguration:
            true
        case .timedOut, .connectionLost, .bodyTooLarge, .headTooLarge, .canceled, .other: false
        }
    }
}
