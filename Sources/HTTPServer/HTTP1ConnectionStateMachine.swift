import HTTPTypes

/// One HTTP/1.1 connection as a value: bytes and answers go in, actions come out. It knows no socket and no clock.
///
/// Requests are handled one at a time, in order; those behind wait in the buffer, and the client waits when that is
/// full. So a connection holds one request, one answer and one buffer, however many requests are sent ahead.
struct HTTP1ConnectionStateMachine {
    /// What the owner must do.
    enum Action {
        /// Nothing until the next event.
        case wait
        /// Have the request answered, and call ``respond(_:_:)``.
        case dispatch(ServerRequest)
        /// Write these bytes.
        case write([UInt8])
        /// Answer a request that cannot be read, with ``reject(_:_:)``.
        case reject(HTTPRequestError)
        /// Close as soon as everything is written.
        ///
        /// `lingers`: the client has just been told, and may be sending still. Closing at once could reset the
        /// connection, and take the answer away from the client (RFC 9112, section 9.6).
        case close(lingers: Bool)
    }

    private enum Phase {
        /// A request is being read. Next: `responding`, `rejecting` or `closed`.
        case reading
        /// The request that was dispatched waits for its answer. Next: `reading`, `streaming` or `closed`.
        case responding(isHead: Bool, keepsAlive: Bool, takesChunks: Bool)
        /// The answer's content is written piece by piece. Next: `reading` or `closed`.
        case streaming(inChunks: Bool, keepsAlive: Bool)
        /// A fault was reported and waits for its answer. Next: `closed`.
        case rejecting
        /// Nothing more is read.
        case closed(afterAnswer: Bool)
    }

    private var parser: RequestParser
    private var phase = Phase.reading
    private var peerHasEnded = false
    private var isDraining = false
    private var endsWhenIdle = false

    /// How many bytes may wait behind a request that is being answered.
    static let maximumAhead = 65_536

    init(limits: HTTPLimits) { parser = RequestParser(limits: limits) }

    /// Whether more bytes are of use now.
    var wantsBytes: Bool {
        switch phase {
        case .reading: !peerHasEnded
        case .responding, .streaming: !peerHasEnded && parser.bufferedBytes < Self.maximumAhead
        case .rejecting, .closed: false
        }
    }

    /// Whether the next byte would be the first of a request.
    var isIdle: Bool {
        if case .reading = phase { !parser.isInsideRequest } else { false }
    }

    /// How many bytes wait to be read.
    var bufferedBytes: Int { parser.bufferedBytes }

    /// How many bytes of a request that is not whole yet are held.
    var heldBytes: Int { parser.heldBytes }

    /// Whether a request's head has come, and its body not whole.
    var isInsideBody: Bool {
        if case .reading = phase { parser.isInsideBody } else { false }
    }

    /// Whether a request waits for its answer, or for the rest of it.
    var isResponding: Bool {
        switch phase {
        case .responding, .streaming: true
        case .reading, .rejecting, .closed: false
        }
    }

    /// Whether an answer's content is written piece by piece.
    var isStreaming: Bool {
        if case .streaming = phase { true } else { false }
    }

    /// Bytes have come. Call ``next()`` until it says `wait` or `close`.
    mutating func receive(_ bytes: Span<UInt8>) {
        switch phase {
        case .reading, .responding, .streaming: parser.append(bytes)
        case .rejecting, .closed: break
        }
    }

    /// The client sends nothing more. What it has sent whole is answered still, but a stream ends: its client has left,
    /// and would be noticed to have only by what is written next, which may be never.
    mutating func receiveEnd() { peerHasEnded = true }

    /// The next answer is the last one, and says so.
    mutating func drain() { isDraining = true }

    /// The connection ends as soon as it is idle.
    mutating func endWhenIdle() { endsWhenIdle = true }

    mutating func next() -> Action {
        switch phase {
        case .streaming where peerHasEnded: return end()
        case .responding, .streaming, .rejecting: return .wait
        case .closed(let afterAnswer): return .close(lingers: afterAnswer && !peerHasEnded)
        case .reading: break
        }
        if endsWhenIdle, !parser.isInsideRequest { return end() }
        do throws(HTTPRequestError) {
            switch try parser.next() {
            case .needsBytes:
                // A request that is cut short has nobody left who waits for an answer.
                return peerHasEnded ? end() : .wait
            case .expectsContinue:
                return .write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            case .request(let request, let keepsAlive, let takesChunks):
                phase = .responding(
                    isHead: request.head.method == .head, keepsAlive: keepsAlive, takesChunks: takesChunks)
                return .dispatch(request)
            }
        } catch {
            phase = .rejecting
            return .reject(error)
        }
    }

    /// The bytes of the answer to the request that was dispatched. Call ``next()`` when they are written, and if
    /// ``isStreaming`` says so have the content follow, by ``piece(_:)`` and ``finishStream()``.
    mutating func respond(_ response: ServerResponse, _ fields: DefaultResponseFields) -> [UInt8] {
        guard case .responding(let isHead, let keepsAlive, let takesChunks) = phase else {
            preconditionFailure("an answer came that no request waits for")
        }
        let closes = !keepsAlive || isDraining
        if willStream(response) {
            phase = .streaming(inChunks: takesChunks, keepsAlive: keepsAlive)
        } else {
            endAnswer(closes: closes)
        }
        return response.encoded(isHead: isHead, closes: closes, takesChunks: takesChunks, fields)
    }

    /// Whether an answer to the request that was dispatched has content that is written piece by piece.
    func willStream(_ response: ServerResponse) -> Bool {
        guard case .responding(isHead: false, _, _) = phase else { return false }
        return response.stream != nil && response.mayHaveContent
    }

    /// The bytes of a piece of the content that is streamed: a chunk (RFC 9112, section 7.1), or for a client of HTTP/1.0
    /// the piece itself.
    func piece(_ content: [UInt8]) -> [UInt8] {
        guard case .streaming(let inChunks, _) = phase else {
            preconditionFailure("a piece came of an answer that is not streamed")
        }
        // An empty chunk would be the last one.
        guard inChunks, !content.isEmpty else { return content }
        return Array(String(content.count, radix: 16).utf8) + Self.lineEnd + content + Self.lineEnd
    }

    /// The bytes behind content that was streamed and is whole. Call ``next()`` when they are written.
    mutating func finishStream() -> [UInt8] {
        guard case .streaming(let inChunks, let keepsAlive) = phase else {
            preconditionFailure("an answer ended that is not streamed")
        }
        endAnswer(closes: !keepsAlive || isDraining)
        return inChunks ? Array("0\r\n\r\n".utf8) : []
    }

    private static let lineEnd = Array("\r\n".utf8)

    /// The bytes of the answer to a request that cannot be read. The connection ends after it.
    mutating func reject(_ fault: HTTPRequestError, _ fields: DefaultResponseFields) -> [UInt8] {
        phase = .closed(afterAnswer: true)
        var response = ServerResponse.rejection(fault.status, code: fault.code, message: fault.message)
        response.headerFields[.retryAfter] = fault.retryAfter.map(String.init)
        return response.encoded(isHead: false, closes: true, takesChunks: false, fields)
    }

    private mutating func endAnswer(closes: Bool) { phase = closes ? .closed(afterAnswer: true) : .reading }

    private mutating func end() -> Action {
        phase = .closed(afterAnswer: false)
        return .close(lingers: false)
    }
}
