import EventLoop
import HTTPTypes

/// An incremental parser of HTTP/1.1 requests (RFC 9112). It uses no socket and no clock.
///
/// It is strict where the RFC allows it: input that two parsers could read differently is rejected, against request smuggling.
/// Its memory is bounded by the limits of head and body, and the bytes of one call of ``append(_:)``.
struct RequestParser {
    /// The result of parsing.
    enum Event {
        /// The request is incomplete; more bytes are needed.
        case needsBytes
        /// A head whose client waits for `100 Continue`. Send it and continue parsing.
        case expectsContinue
        /// A complete request. `supportsChunks`: the response may be chunked (RFC 9112, section 6.1).
        case request(ServerRequest, keepsAlive: Bool, supportsChunks: Bool)
    }

    private enum State {
        case requestLine
        case fields
        case body(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers
    }

    private let limits: HTTPLimits
    private let wantsBody: @Sendable (HTTPRequest) -> Bool
    private var buffer: [UInt8] = []
    /// The start of the bytes that are not parsed yet.
    private var position = 0
    /// The start of the bytes that were not searched for a line terminator yet.
    private var scanned = 0
    private var state = State.requestLine
    /// The lines of the incomplete head, as ranges of the buffer.
    private var lines: [Range<Int>] = []
    private var head: RequestHead?
    private var body: [UInt8] = []
    /// The bytes that count toward the limit of the head: its lines with terminators, chunk extensions and trailers.
    private var headBytes = 0

    /// The most buffer memory that a connection keeps between two requests, in bytes.
    private static let keptCapacity = 4096

    /// - Parameter wantsBody: whether the body of a request is read. After a request without its body, the parser must not be
    ///   used.
    init(limits: HTTPLimits, wantsBody: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true }) {
        self.limits = limits
        self.wantsBody = wantsBody
    }

    /// The number of bytes that are buffered and not parsed.
    var bufferedBytes: Int { buffer.count - position }

    /// The buffer's capacity, in bytes.
    var bufferCapacity: Int { buffer.capacity }

    /// Whether a request has begun and is not complete.
    var isInsideRequest: Bool {
        if case .requestLine = state { bufferedBytes > 0 } else { true }
    }

    /// Whether a head is complete and its content is not.
    var isInsideBody: Bool {
        switch state {
        case .requestLine, .fields: false
        case .body, .chunkSize, .chunk, .chunkEnd, .trailers: true
        }
    }

    /// The number of received bytes that are held.
    var heldBytes: Int { bufferedBytes + body.count }

    mutating func append(_ bytes: Span<UInt8>) {
        compact()
        buffer.append(copying: bytes)
    }

    /// Parses up to the next event.
    ///
    /// - Throws: ``HTTPRequestError``, after which the parser must not be used.
    mutating func next() throws(HTTPRequestError) -> Event {
        while true {
            switch state {
            case .requestLine, .fields:
                guard try parseHeadLine() else { return .needsBytes }
                if let head, case .requestLine = state { return try begin(head) }
            case .body(let remaining):
                let left = remaining - readBody(atMost: remaining)
                state = .body(remaining: left)
                return left == 0 ? finish() : .needsBytes
            case .chunkSize:
                guard let line = try nextLine(limit: 256, else: .malformed("A chunk size line is too long.")) else {
                    return .needsBytes
                }
                try parseChunkSize(buffer[line])
            case .chunk(let remaining):
                let left = remaining - readBody(atMost: remaining)
                state = left == 0 ? .chunkEnd : .chunk(remaining: left)
                if left > 0 { return .needsBytes }
            case .chunkEnd:
                guard let line = try nextLine(limit: 0, else: .malformed("A chunk is longer than its size.")) else {
                    return .needsBytes
                }
                guard line.isEmpty else { throw .malformed("A chunk is longer than its size.") }
                state = .chunkSize
            case .trailers:
                guard let line = try nextLine(limit: limits.head - headBytes, else: .headTooLarge) else {
                    return .needsBytes
                }
                if line.isEmpty { return finish() }
                try checkTrailer(line)
            }
        }
    }

    // MARK: Head

    /// Parses one line of the head; returns whether there was one. The state is `requestLine` again when the head is
    /// complete.
    private mutating func parseHeadLine() throws(HTTPRequestError) -> Bool {
        let isFirst = lines.isEmpty
        let limit = isFirst ? min(limits.requestLine, limits.head) : limits.head - headBytes
        guard let line = try nextLine(limit: limit, else: isFirst ? .requestLineTooLong : .headTooLarge) else {
            return false
        }
        headBytes += line.count + 2
        if isFirst {
            // RFC 9112, section 2.2: one empty line before the request line is ignored.
            if line.isEmpty, headBytes == 2 { return true }
            guard !line.isEmpty else { throw .malformed("More than one empty line precedes the request line.") }
            state = .fields
            lines.append(line)
        } else if line.isEmpty {
            head = try RequestHead(buffer, lines: lines, limits: limits)
            lines.removeAll(keepingCapacity: true)
            state = .requestLine
        } else {
            guard lines.count <= limits.headerFields else { throw .headTooLarge }
            // RFC 9112, section 5.2: obsolete line folding.
            guard !HTTPGrammar.isWhitespace(buffer[line.lowerBound]) else {
                throw .malformed("A header field spans several lines.")
            }
            lines.append(line)
        }
        return true
    }

    private mutating func begin(_ head: RequestHead) throws(HTTPRequestError) -> Event {
        switch head.framing {
        case .length(0): return finish()
        case .length(let length): state = .body(remaining: length)
        case .chunked: state = .chunkSize
        }
        guard wantsBody(head.request) else { return finish(keepsAlive: false) }
        // A client that has already sent content does not wait for it.
        if head.expectsContinue, bufferedBytes == 0 { return .expectsContinue }
        return try next()
    }

    /// - Parameter keepsAlive: whether another request may follow, if the client allows it.
    private mutating func finish(keepsAlive: Bool = true) -> Event {
        guard let head else { preconditionFailure("a request without a head") }
        let request = ServerRequest(head: head.request, body: body)
        if bufferedBytes == 0 {
            buffer.removeAll(keepingCapacity: buffer.capacity <= Self.keptCapacity)
            position = 0
        }
        (scanned, state, self.head, body, headBytes) = (position, .requestLine, nil, [], 0)
        compact()
        return .request(request, keepsAlive: head.keepsAlive && keepsAlive, supportsChunks: head.isHTTP11)
    }

    // MARK: Chunks

    private mutating func parseChunkSize(_ line: ArraySlice<UInt8>) throws(HTTPRequestError) {
        let digits = line.prefix { HTTPGrammar.hexDigit($0) != nil }
        // RFC 9112, section 7.1.1: unknown extensions are ignored.
        let extensions = line[digits.endIndex...]
        guard (1...8).contains(digits.count), HTTPGrammar.isChunkExtensions(extensions) else {
            throw .malformed("A chunk size must be a hexadecimal number.")
        }
        headBytes += extensions.count
        guard headBytes <= limits.head else { throw .headTooLarge }
        let size = digits.reduce(0) { $0 << 4 | (HTTPGrammar.hexDigit($1) ?? 0) }
        guard size <= limits.body - body.count else { throw .bodyTooLarge }
        state = size == 0 ? .trailers : .chunk(remaining: size)
    }

    /// Moves available content into the body; returns its length.
    private mutating func readBody(atMost wanted: Int) -> Int {
        let count = min(wanted, bufferedBytes)
        body.append(contentsOf: buffer[position..<position + count])
        position += count
        scanned = position
        return count
    }

    /// Checks a trailer field. Trailers are dropped: no handler needs them.
    private mutating func checkTrailer(_ line: Range<Int>) throws(HTTPRequestError) {
        headBytes += line.count + 2
        let bytes = buffer[line]
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > bytes.startIndex,
            bytes[..<colon].allSatisfy(HTTPGrammar.isToken)
        else { throw .malformed("A trailer field is malformed.") }
        // RFC 9110, section 6.5.1: framing fields are not allowed in trailers.
        guard !HTTPGrammar.equalsIgnoringCase(bytes[..<colon], "content-length"),
            !HTTPGrammar.equalsIgnoringCase(bytes[..<colon], "transfer-encoding")
        else { throw .malformed("Content-Length and Transfer-Encoding are not allowed in trailers.") }
    }

    // MARK: Lines

    /// The next line without its terminator; nil if it is incomplete.
    ///
    /// - Throws: an error for a line that exceeds the limit, for control characters, and for terminators other than CR LF: each
    ///   at the first byte that violates the rule.
    private mutating func nextLine(limit: Int, else tooLong: HTTPRequestError) throws(HTTPRequestError) -> Range<Int>? {
        let start = position
        scanned = max(scanned, start)
        while scanned < buffer.count {
            if scanned == start || buffer[scanned - 1] != 0x0D {
                scanned = Self.endOfValue(buffer.span, from: scanned, to: min(start + limit, buffer.count))
                guard scanned < buffer.count else { break }
            }
            let byte = buffer[scanned]
            if byte == 0x0A {
                guard scanned > start, buffer[scanned - 1] == 0x0D else {
                    throw .malformed("Lines must end with CR LF: a bare LF was found.")
                }
                position = scanned + 1
                scanned = position
                return start..<position - 2
            }
            guard scanned == start || buffer[scanned - 1] != 0x0D else {
                throw .malformed("Lines must end with CR LF: a bare CR was found.")
            }
            guard scanned - start < limit || byte == 0x0D && scanned - start == limit else { throw tooLong }
            guard byte == 0x0D || HTTPGrammar.isFieldValue(byte) else {
                throw .malformed("The request head contains a control character.")
            }
            scanned += 1
        }
        return nil
    }

    /// The index of the first byte that is not allowed in a field value, or the end.
    private static func endOfValue(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, HTTPGrammar.isFieldValue(bytes[index]) { index += 1 }
        return index
    }

    /// Frees parsed bytes once they outnumber the rest, so that each byte is moved at most once.
    private mutating func compact() {
        guard position > bufferedBytes, lines.isEmpty else { return }
        buffer.removeFirst(position)
        scanned -= position
        position = 0
    }
}
