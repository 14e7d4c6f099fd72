import EventLoop
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
        /// A whole request. `takesChunks`: its answer may be sent in chunks (RFC 9112, section 6.1).
        case request(ServerRequest, keepsAlive: Bool, takesChunks: Bool)
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
    private var buffer: [UInt8] = []
    /// What stands before this is done with.
    private var position = 0
    /// What stands before this holds no line end.
    private var scanned = 0
    private var state = State.requestLine
    /// The lines of the head that is being read, as places in the buffer.
    private var lines: [Range<Int>] = []
    private var head: RequestHead?
    private var body: [UInt8] = []
    /// What counts toward the limit of the head: its lines with their ends, chunk extensions and trailers.
    private var headBytes = 0

    /// The memory that a connection keeps between two requests.
    private static let keptCapacity = 4096

    init(limits: HTTPLimits) { self.limits = limits }

    /// How many bytes wait to be read.
    var bufferedBytes: Int { buffer.count - position }

    /// How many bytes the buffer has room for.
    var bufferCapacity: Int { buffer.capacity }

    /// Whether a request has begun and is not whole yet.
    var isInsideRequest: Bool {
        if case .requestLine = state { bufferedBytes > 0 } else { true }
    }

    /// Whether a head was read, and its content not whole yet.
    var isInsideBody: Bool {
        switch state {
        case .requestLine, .fields: false
        case .body, .chunkSize, .chunk, .chunkEnd, .trailers: true
        }
    }

    /// How many bytes are held of what was received.
    var heldBytes: Int { bufferedBytes + body.count }

    mutating func append(_ bytes: Span<UInt8>) {
        compact()
        buffer.append(copying: bytes)
    }

    /// Reads on.
    ///
    /// - Throws: ``HTTPRequestError``; nothing more can be read after it.
    mutating func next() throws(HTTPRequestError) -> Event {
        while true {
            switch state {
            case .requestLine, .fields:
                guard try parseHeadLine() else { return .needsBytes }
                if let head, case .requestLine = state { return try begin(head) }
            case .body(let remaining):
                let left = remaining - takeBody(atMost: remaining)
                state = .body(remaining: left)
                return left == 0 ? finish() : .needsBytes
            case .chunkSize:
                guard let line = try nextLine(limit: 256, else: .malformed("A chunk size line is too long.")) else {
                    return .needsBytes
                }
                try parseChunkSize(buffer[line])
            case .chunk(let remaining):
                let left = remaining - takeBody(atMost: remaining)
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

    /// Reads one line of the head; returns whether there was one. The state is `requestLine` again when the head is
    /// whole.
    private mutating func parseHeadLine() throws(HTTPRequestError) -> Bool {
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
            lines.removeAll(keepingCapacity: true)
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

    private mutating func begin(_ head: RequestHead) throws(HTTPRequestError) -> Event {
        switch head.framing {
        case .length(0): return finish()
        case .length(let length): state = .body(remaining: length)
        case .chunked: state = .chunkSize
        }
        // A client that has begun to send does not wait.
        if head.expectsContinue, bufferedBytes == 0 { return .expectsContinue }
        return try next()
    }

    private mutating func finish() -> Event {
        guard let head else { preconditionFailure("a request ended that had no head") }
        let request = ServerRequest(head: head.request, body: body)
        if bufferedBytes == 0 {
            buffer.removeAll(keepingCapacity: buffer.capacity <= Self.keptCapacity)
            position = 0
        }
        (scanned, state, self.head, body, headBytes) = (position, .requestLine, nil, [], 0)
        compact()
        return .request(request, keepsAlive: head.keepsAlive, takesChunks: head.isHTTP11)
    }

    // MARK: Chunks

    private mutating func parseChunkSize(_ line: ArraySlice<UInt8>) throws(HTTPRequestError) {
        let digits = line.prefix { HTTPGrammar.hexDigit($0) != nil }
        // RFC 9112, section 7.1.1: extensions that are not known are passed over.
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

    /// Takes what is there of the content; returns how much that was.
    private mutating func takeBody(atMost wanted: Int) -> Int {
        let count = min(wanted, bufferedBytes)
        body.append(contentsOf: buffer[position..<position + count])
        position += count
        scanned = position
        return count
    }

    /// Trailers are checked like header fields, then dropped: nothing here reads them.
    private mutating func checkTrailer(_ line: Range<Int>) throws(HTTPRequestError) {
        headBytes += line.count + 2
        let bytes = buffer[line]
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > bytes.startIndex,
            bytes[..<colon].allSatisfy(HTTPGrammar.isToken)
        else { throw .malformed("A trailer field is malformed.") }
        // RFC 9110, section 6.5.1: it would come too late to frame the message, and only confuse.
        guard !HTTPGrammar.equalsIgnoringCase(bytes[..<colon], "content-length"),
            !HTTPGrammar.equalsIgnoringCase(bytes[..<colon], "transfer-encoding")
        else { throw .malformed("A trailer field must not frame the message.") }
    }

    // MARK: Lines

    /// The next line without its end, or nil if it is not whole yet.
    ///
    /// - Throws: a fault for a line that is longer than the limit, for control characters, and for line ends other than
    ///   CR LF: each as soon as the byte comes that makes it sure.
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
            guard byte == 0x0D || HTTPGrammar.isFieldValue(byte) else {
                throw .malformed("There is a control character.")
            }
            scanned += 1
        }
        return nil
    }

    /// Where the first byte stands that is no character of a field value, or the end.
    private static func endOfValue(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, HTTPGrammar.isFieldValue(bytes[index]) { index += 1 }
        return index
    }

    /// Frees what is done with, as soon as that is more than what is left: then each byte is moved once at most.
    private mutating func compact() {
        guard position > bufferedBytes, lines.isEmpty else { return }
        buffer.removeFirst(position)
        scanned -= position
        position = 0
    }
}
