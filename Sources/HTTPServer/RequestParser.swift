import HTTPTypes

/// Reads requests from bytes as they come (RFC 9112), one after the other. It knows no socket and no clock.
///
/// Strict where the RFC lets a server be strict: what two parsers could read differently is refused. What is held is
/// bounded: the limits' head and body, and what one call of ``append(_:)`` brings.
struct RequestParser {
    /// What was found in the bytes.
    enum Event {
        /// Nothing more without more bytes.
        case needsBytes
        /// A head whose client waits for `100 Continue`. The parser goes on by itself.
        case expectsContinue
        /// A whole request.
        case request(ServerRequest, keepsAlive: Bool)
    }

    private enum State {
        case requestLine
        case fields
        case body(length: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers
    }

    private let limits: HTTPLimits
    private var buffer: [UInt8] = []
    /// What stands before this is done with.
    private var position = 0
    /// What stands before this holds no line end.
    private var scanned = 0
    private var state = State.requestLine
    private var lines: [Range<Int>] = []
    private var head: RequestHead?
    private var body: [UInt8] = []
    private var headBytes = 0

    init(limits: HTTPLimits) { self.limits = limits }

    /// How many bytes wait to be read.
    var bufferedBytes: Int { buffer.count - position }

    /// Whether a request has begun and is not whole yet.
    var isInsideRequest: Bool {
        if case .requestLine = state { bufferedBytes > 0 } else { true }
    }

    mutating func append(_ bytes: Span<UInt8>) {
        buffer.reserveCapacity(buffer.count + bytes.count)
        for index in bytes.indices { buffer.append(bytes[index]) }
    }

    /// Reads on.
    ///
    /// - Throws: ``HTTPFault``; nothing more can be read after it.
    mutating func next() throws(HTTPFault) -> Event {
        while true {
            switch state {
            case .requestLine, .fields:
                guard try parseHeadLine() else { return .needsBytes }
                if let head, case .requestLine = state { return try begin(head) }
            case .body(let length):
                guard bufferedBytes >= length else { return .needsBytes }
                body = Array(buffer[position..<position + length])
                position += length
                return finish()
            case .chunkSize:
                guard let line = try nextLine(limit: 256, else: .malformed("A chunk size line is too long.")) else {
                    return .needsBytes
                }
                try parseChunkSize(buffer[line])
            case .chunk(let remaining):
                guard takeChunk(remaining) else { return .needsBytes }
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

    /// Reads one line of the head; returns whether there was one. The state is `requestLine` again when the head is
    /// whole.
    private mutating func parseHeadLine() throws(HTTPFault) -> Bool {
        let isFirst = lines.isEmpty
        let limit = isFirst ? min(limits.requestLine, limits.head) : limits.head - headBytes
        guard let line = try nextLine(limit: limit, else: isFirst ? .requestLineTooLong : .headTooLarge) else {
            return false
        }
        headBytes += line.count + 2
        if isFirst {
            // RFC 9112, section 2.2: an empty line before the request line is passed over, here one.
            if line.isEmpty, headBytes == 2 { return true }
            guard !line.isEmpty else { throw .malformed("There is an empty line before the request line.") }
            state = .fields
            lines.append(line)
        } else if line.isEmpty {
            head = try RequestHead(buffer, lines: lines, limits: limits)
            state = .requestLine
        } else {
            guard lines.count <= limits.headerFields else { throw .headTooLarge }
            // RFC 9112, section 5.2: a folded line.
            guard !HTTPGrammar.isWhitespace(buffer[line.lowerBound]) else {
                throw .malformed("A header field is folded over several lines.")
            }
            lines.append(line)
        }
        return true
    }

    private mutating func begin(_ head: RequestHead) throws(HTTPFault) -> Event {
        switch head.framing {
        case .length(0):
            return finish()
        case .length(let length):
            state = .body(length: length)
            // A client that has begun to send does not wait.
            if head.expectsContinue, bufferedBytes == 0 { return .expectsContinue }
        case .chunked:
            state = .chunkSize
            if head.expectsContinue, bufferedBytes == 0 { return .expectsContinue }
        }
        return try next()
    }

    private mutating func finish() -> Event {
        let request = head.map { ServerRequest(head: $0.request, body: body) }
        let keepsAlive = head?.keepsAlive ?? false
        buffer.removeFirst(position)
        if buffer.isEmpty { buffer = [] }
        (position, scanned, state, lines, head, body, headBytes) = (0, 0, .requestLine, [], nil, [], 0)
        guard let request else { preconditionFailure("a request ended that had no head") }
        return .request(request, keepsAlive: keepsAlive)
    }

    // MARK: Chunks

    private mutating func parseChunkSize(_ line: ArraySlice<UInt8>) throws(HTTPFault) {
        let digits = line.prefix { HTTPGrammar.hexDigit($0) != nil }
        // RFC 9112, section 7.1.1: extensions that are not known are passed over.
        let rest = line[digits.endIndex...]
        guard (1...8).contains(digits.count), rest.isEmpty || rest.first == UInt8(ascii: ";"),
            rest.allSatisfy(HTTPGrammar.isFieldValue)
        else { throw .malformed("A chunk size must be a hexadecimal number.") }
        let size = digits.reduce(0) { $0 << 4 | (HTTPGrammar.hexDigit($1) ?? 0) }
        guard body.count + size <= limits.body else { throw .bodyTooLarge }
        state = size == 0 ? .trailers : .chunk(remaining: size)
    }

    /// Takes what is there of a chunk; returns whether that was all of it.
    private mutating func takeChunk(_ remaining: Int) -> Bool {
        let count = min(remaining, bufferedBytes)
        body.append(contentsOf: buffer[position..<position + count])
        position += count
        scanned = position
        state = count == remaining ? .chunkEnd : .chunk(remaining: remaining - count)
        compact()
        return count == remaining
    }

    /// Trailers are checked like header fields, then dropped: nothing here reads them.
    private mutating func checkTrailer(_ line: Range<Int>) throws(HTTPFault) {
        headBytes += line.count + 2
        let bytes = buffer[line]
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > bytes.startIndex,
            bytes[..<colon].allSatisfy(HTTPGrammar.isToken), bytes[colon...].allSatisfy(HTTPGrammar.isFieldValue)
        else { throw .malformed("A trailer field is malformed.") }
    }

    // MARK: Lines

    /// The next line without its end, or nil if it is not whole yet.
    ///
    /// - Throws: a fault for a line that is longer than the limit, as soon as that is sure, and for line ends other
    ///   than CR LF.
    private mutating func nextLine(limit: Int, else tooLong: HTTPFault) throws(HTTPFault) -> Range<Int>? {
        let start = position
        scanned = max(scanned, start)
        while scanned < buffer.count {
            let byte = buffer[scanned]
            if byte == 0x0A {
                guard scanned > start, buffer[scanned - 1] == 0x0D else {
                    throw .malformed("Lines must end with CR LF; there is a bare LF.")
                }
                position = scanned + 1
                scanned = position
                return start..<position - 2
            }
            guard scanned == start || buffer[scanned - 1] != 0x0D else {
                throw .malformed("Lines must end with CR LF; there is a bare CR.")
            }
            guard scanned - start < limit || byte == 0x0D && scanned - start == limit else { throw tooLong }
            scanned += 1
        }
        return nil
    }

    /// Frees what is done with, so that a body in many chunks is not held twice.
    private mutating func compact() {
        guard position > 65_536 else { return }
        buffer.removeFirst(position)
        scanned -= position
        position = 0
    }
}
