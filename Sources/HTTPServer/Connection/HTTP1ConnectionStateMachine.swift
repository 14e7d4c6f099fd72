import HTTPTypes

/// One HTTP/1.1 connection as a value without I/O: bytes and responses go in, actions come out. It uses no socket and no clock.
///
/// Requests are handled one at a time, in order. Pipelined requests wait in the buffer; when that is full, the connection is not
/// read. So a connection holds one request, one response and one buffer, however many requests are pipelined.
struct HTTP1ConnectionStateMachine {
    /// What the owner of the state machine must do next.
    enum Action {
        /// Nothing until the next event.
        case wait
        /// Handle the request, and call ``respond(_:_:)`` with its response.
        case dispatch(ServerRequest)
        /// Write these bytes.
        case write([UInt8])
        /// Respond to a request that cannot be parsed, with ``reject(_:_:)``.
        case reject(HTTPRequestError)
        /// Close as soon as everything is written.
        ///
        /// `lingers`: a response was just sent and the client may still be sending. Closing immediately could reset the
        /// connection before the client has read the response (RFC 9112, section 9.6).
        case close(lingers: Bool)
    }

    private enum Phase {
        /// A request is being read. Next: `responding`, `rejecting` or `closed`.
        case reading
        /// The dispatched request waits for its response. Next: `reading`, `streaming` or `closed`.
        case responding(isHead: Bool, keepsAlive: Bool, supportsChunks: Bool)
        /// The response's content is being streamed. Next: `reading` or `closed`.
        case streaming(isChunked: Bool, keepsAlive: Bool)
        /// A parse error was reported and waits for its response. Next: `closed`.
        case rejecting
        /// Nothing more is read.
        case closed(afterResponse: Bool)
    }

    private var parser: RequestParser
    private var phase = Phase.reading
    private var peerHasEnded = false
    private var isDraining = false
    private var endsWhenIdle = false

    /// The most bytes that are buffered while a request is in progress.
    static let maximumAhead = 65_536

    /// - Parameter wantsBody: whether the body of a request is read; see ``HTTPServer/Configuration/wantsBody``.
    init(limits: HTTPLimits, wantsBody: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true }) {
        parser = RequestParser(limits: limits, wantsBody: wantsBody)
    }

    /// Whether the connection should be read.
    var wantsBytes: Bool {
        switch phase {
        case .reading: !peerHasEnded
        case .responding, .streaming: !peerHasEnded && parser.bufferedBytes < Self.maximumAhead
        case .rejecting, .closed: false
        }
    }

    /// Whether the connection waits for the first byte of a request.
    var isIdle: Bool {
        if case .reading = phase { !parser.isInsideRequest } else { false }
    }

    /// The number of bytes that are buffered and not parsed.
    var bufferedBytes: Int { parser.bufferedBytes }

    /// The number of bytes held for a request that is not complete.
    var heldBytes: Int { parser.heldBytes }

    /// Whether a request's head is complete and its body is not.
    var isInsideBody: Bool {
        if case .reading = phase { parser.isInsideBody } else { false }
    }

    /// Whether a response is awaited or being streamed.
    var isResponding: Bool {
        switch phase {
        case .responding, .streaming: true
        case .reading, .rejecting, .closed: false
        }
    }

    /// Whether a response is being streamed.
    var isStreaming: Bool {
        if case .streaming = phase { true } else { false }
    }

    /// Receives bytes. Call ``next()`` until it returns `wait` or `close`.
    mutating func receive(_ bytes: Span<UInt8>) {
        switch phase {
        case .reading, .responding, .streaming: parser.append(bytes)
        case .rejecting, .closed: break
        }
    }

    /// Receives the end of the client's bytes. Complete requests are still answered, but a stream ends: its client has most
    /// likely disconnected, which would otherwise be noticed only by the next write, possibly never.
    mutating func receiveEnd() { peerHasEnded = true }

    /// Closes the connection after the next response, which announces it.
    mutating func drain() { isDraining = true }

    /// Closes the connection as soon as it is idle.
    mutating func endWhenIdle() { endsWhenIdle = true }

    mutating func next() -> Action {
        switch phase {
        case .streaming where peerHasEnded: return end()
        case .responding, .streaming, .rejecting: return .wait
        case .closed(let afterResponse): return .close(lingers: afterResponse && !peerHasEnded)
        case .reading: break
        }
        if endsWhenIdle, !parser.isInsideRequest { return end() }
        do throws(HTTPRequestError) {
            switch try parser.next() {
            case .needsBytes:
                // No client waits for the response to a truncated request.
                return peerHasEnded ? end() : .wait
            case .expectsContinue:
                return .write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            case .request(let request, let keepsAlive, let supportsChunks):
                phase = .responding(
                    isHead: request.head.method == .head, keepsAlive: keepsAlive, supportsChunks: supportsChunks)
                return .dispatch(request)
            }
        } catch {
            phase = .rejecting
            return .reject(error)
        }
    }

    /// The bytes of the response to the dispatched request. Call ``next()`` after they are written. If ``isStreaming`` is true
    /// then, content follows by ``chunk(_:)`` and ``finishStream()``.
    mutating func respond(_ response: ServerResponse, _ fields: DefaultResponseFields) -> [UInt8] {
        guard case .responding(let isHead, let keepsAlive, let supportsChunks) = phase else {
            preconditionFailure("a response without a request")
        }
        let closes = !keepsAlive || isDraining
        if willStream(response) {
            phase = .streaming(isChunked: supportsChunks, keepsAlive: keepsAlive)
        } else {
            endResponse(closes: closes)
        }
        return response.encoded(isHead: isHead, closes: closes, supportsChunks: supportsChunks, fields)
    }

    /// Whether a response to the dispatched request would be streamed.
    func willStream(_ response: ServerResponse) -> Bool {
        guard case .responding(isHead: false, _, _) = phase else { return false }
        return response.stream != nil && response.mayHaveContent
    }

    /// Encodes streamed content as a chunk (RFC 9112, section 7.1), or for an HTTP/1.0 client unchanged.
    func chunk(_ content: [UInt8]) -> [UInt8] {
        guard case .streaming(let isChunked, _) = phase else {
            preconditionFailure("a chunk of a response that is not streamed")
        }
        // An empty chunk would end the response.
        guard isChunked, !content.isEmpty else { return content }
        return Array(String(content.count, radix: 16).utf8) + Self.lineEnd + content + Self.lineEnd
    }

    /// The bytes that end streamed content. Call ``next()`` after they are written.
    mutating func finishStream() -> [UInt8] {
        guard case .streaming(let isChunked, let keepsAlive) = phase else {
            preconditionFailure("the end of a response that is not streamed")
        }
        endResponse(closes: !keepsAlive || isDraining)
        return isChunked ? Array("0\r\n\r\n".utf8) : []
    }

    private static let lineEnd = Array("\r\n".utf8)

    /// The bytes of the response to a request that cannot be parsed. The connection is closed after it.
    mutating func reject(_ error: HTTPRequestError, _ fields: DefaultResponseFields) -> [UInt8] {
        phase = .closed(afterResponse: true)
        var response = ServerResponse.rejection(error.status, code: error.code, message: error.message)
        response.headerFields[.retryAfter] = error.retryAfter.map(String.init)
        return response.encoded(isHead: false, closes: true, supportsChunks: false, fields)
    }

    private mutating func endResponse(closes: Bool) { phase = closes ? .closed(afterResponse: true) : .reading }

    private mutating func end() -> Action {
        phase = .closed(afterResponse: false)
        return .close(lingers: false)
    }
}
