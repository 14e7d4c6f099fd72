/// A failure of a request without a complete response.
package struct HTTPClientError: Error, Hashable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: String, Sendable {
        /// Timeout of the connection or the response.
        case timedOut
        /// The peer or the proxy could not be reached, or disconnected during the TLS handshake.
        case connectFailed
        /// The name of the peer or the proxy could not be resolved.
        case nameNotResolved
        /// The peer's certificate was rejected, or there is no common TLS version.
        case tlsRejected
        /// The connection was closed before the response was complete.
        case connectionLost
        /// The response's body exceeds the limit.
        case bodyTooLarge
        /// The response's head exceeds the limit.
        case headTooLarge
        /// The task was canceled, or the client was shut down.
        case canceled
        /// The request is invalid or cannot be signed.
        case invalidRequest
        /// The credentials, the Region or the time of the signature are invalid.
        case invalidSigning
        /// The client's configuration is invalid.
        case invalidConfiguration
        /// Anything else, for example a response that is not HTTP.
        case other
    }

    /// The kind of failure.
    package let code: Code
    /// The error message, without the request's path, query, fields, body or credentials.
    package let message: String
    /// Whether the request failed before any part of it was sent, for example while connecting.
    package let isUnsent: Bool

    /// Makes an error; the message must not have secrets.
    ///
    /// - Parameter isUnsent: whether no part of the request was sent; nil to derive it from the kind of failure.
    package init(_ code: Code, _ message: String, isUnsent: Bool? = nil) {
        self.code = code
        self.message = message
        self.isUnsent = isUnsent ?? code.isUnsent
    }

    /// Whether the same request may succeed when retried later.
    package var isTransient: Bool {
        switch code {
        case .timedOut, .connectFailed, .nameNotResolved, .connectionLost: true
        case .tlsRejected, .bodyTooLarge, .headTooLarge, .canceled, .invalidRequest, .invalidSigning,
            .invalidConfiguration, .other:
            false
        }
    }

    /// The error message.
    package var description: String { message }
}

extension HTTPClientError.Code {
    /// Whether this kind of failure always precedes sending.
    fileprivate var isUnsent: Bool {
        switch self {
        case .connectFailed, .nameNotResolved, .tlsRejected, .invalidRequest, .invalidSigning, .invalidConfiguration:
            true
        case .timedOut, .connectionLost, .bodyTooLarge, .headTooLarge, .canceled, .other: false
        }
    }
}
