import HTTPTypes

/// A request line with its header fields, and what they say about the rest of the connection.
struct RequestHead {
    /// How the content is framed (RFC 9112, section 6).
    enum Framing: Equatable {
        case length(Int)
        case chunked
    }

    var request: HTTPRequest
    var framing = Framing.length(0)
    /// Whether the client knows HTTP/1.1, and not 1.0 only.
    let isHTTP11: Bool
    /// Whether the connection may serve another request (RFC 9112, section 9.3).
    var keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the content (RFC 9110, section 10.1.1).
    var expectsContinue = false

    /// Reads a head.
    ///
    /// - Parameters:
    ///   - bytes: the buffer.
    ///   - lines: the lines in it, each without its line end and without control characters, the request line first.
    /// - Throws: ``HTTPRequestError``.
    init(_ bytes: [UInt8], lines: [Range<Int>], limits: HTTPLimits) throws(HTTPRequestError) {
        guard lines.count <= limits.headerFields + 1 else { throw .headTooLarge }
        let (method, target, isHTTP11) = try RequestLine(bytes: bytes[lines[0]]).parse()
        request = HTTPRequest(method: method, scheme: nil, authority: nil, path: nil)
        self.isHTTP11 = isHTTP11
        keepsAlive = isHTTP11
        var fields = FieldSummary()
        for range in lines.dropFirst() { try fields.add(bytes[range], to: &request.headerFields) }
        try setTarget(target, host: fields.host(isHTTP11: isHTTP11))
        try setFraming(fields, isHTTP11: isHTTP11, limits: limits)
        if fields.closes { keepsAlive = false }
    }

    private mutating func setTarget(_ target: RequestLine.Target, host: String?) throws(HTTPRequestError) {
        switch target {
        case .origin(let path): (request.path, request.authority) = (path, host)
        // RFC 9112, section 3.2.2: what Host says does not count then.
        case .absolute(let authority, let path): (request.path, request.authority) = (path, authority)
        }
    }

    private mutating func setFraming(_ fields: FieldSummary, isHTTP11: Bool, limits: HTTPLimits)
        throws(HTTPRequestError)
    {
        if fields.hasTransferEncoding {
            guard isHTTP11 else { throw .malformed("Transfer-Encoding needs HTTP/1.1.") }
            guard fields.contentLength == nil else {
                throw .malformed("Content-Length and Transfer-Encoding must not both be there.")
            }
            // RFC 9112, sections 6.1 and 6.3: without chunked at its end, the content has no end.
            guard fields.endsChunked else { throw .malformed("Transfer-Encoding must end with chunked.") }
            guard fields.transferCodings == 1 else { throw .transferCoding }
            framing = .chunked
        } else if let length = fields.contentLength {
            guard length <= limits.body else { throw .bodyTooLarge }
            framing = .length(length)
        }
        if fields.hasUnknownExpectation { throw .expectation }
        expectsContinue = fields.expectsContinue && isHTTP11
    }
}

/// The request line (RFC 9112, section 3): one space between its parts, and nothing else.
private struct RequestLine {
    enum Target {
        case origin(String)
        case absolute(authority: String, path: String)
    }

    let bytes: ArraySlice<UInt8>

    func parse() throws(HTTPRequestError) -> (HTTPRequest.Method, Target, isHTTP11: Bool) {
        let parts = bytes.split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(HTTPGrammar.isToken),
            let method = HTTPRequest.Method(String(decoding: parts[0], as: UTF8.self))
        else { throw .malformed("The request line must be a method, a target and HTTP/1.1, with one space between.") }
        let isHTTP11 = try version(parts[2])
        // RFC 9110, section 9.3.6: what follows a CONNECT is not HTTP, so this is the connection's end.
        guard method != .connect else { throw .tunnel }
        return (method, try target(parts[1], method: method), isHTTP11)
    }

    private func version(_ bytes: ArraySlice<UInt8>) throws(HTTPRequestError) -> Bool {
        let version = Array(bytes)
        guard version.count == 8, version.starts(with: "HTTP/".utf8), version[6] == UInt8(ascii: "."),
            HTTPGrammar.isDigit(version[5]), HTTPGrammar.isDigit(version[7])
        else { throw .malformed("The request line must end with HTTP/1.1.") }
        // RFC 9110, section 2.5: a higher minor version is read as the highest one known.
        guard version[5] == UInt8(ascii: "1") else { throw .version }
        return version[7] != UInt8(ascii: "0")
    }

    private func target(_ bytes: ArraySlice<UInt8>, method: HTTPRequest.Method) throws(HTTPRequestError) -> Target {
        guard let first = bytes.first, bytes.allSatisfy(HTTPGrammar.isTarget), !bytes.contains(UInt8(ascii: "#")) else {
            throw .malformed("The target must be a path of visible ASCII characters without a fragment.")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        // RFC 9112, section 3.2.4: an asterisk asks for the options of the server itself, and is nothing else.
        if first == UInt8(ascii: "/") || (text == "*" && method == .options) { return .origin(text) }
        for scheme in ["http://", "https://"] where text.lowercased().hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard HTTPGrammar.isAuthority(Array(authority.utf8)[...]) else { break }
            let path = rest.dropFirst(authority.count)
            return .absolute(authority: String(authority), path: path.hasPrefix("/") ? String(path) : "/" + path)
        }
        throw .malformed("The target must be a path that starts with a slash.")
    }
}

/// What the header fields say that matters to the server itself.
private struct FieldSummary {
    var contentLength: Int?
    var hasTransferEncoding = false
    var transferCodings = 0
    /// Whether the last coding is chunked.
    var endsChunked = false
    var closes = false
    var expectsContinue = false
    var hasUnknownExpectation = false
    private var hosts: [String] = []

    mutating func add(_ line: ArraySlice<UInt8>, to fields: inout HTTPFields) throws(HTTPRequestError) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            let name = KnownFieldNames.find(line[..<colon]) ?? Self.name(line[..<colon])
        else { throw .malformed("Each header field must be a name, a colon without space before it, and a value.") }
        let value = HTTPGrammar.trim(line[(colon + 1)...])
        try note(name, value)
        fields.append(HTTPField(name: name, lenientValue: value))
    }

    private static func name(_ bytes: ArraySlice<UInt8>) -> HTTPField.Name? {
        bytes.allSatisfy(HTTPGrammar.isToken) ? HTTPField.Name(String(decoding: bytes, as: UTF8.self)) : nil
    }

    private mutating func note(_ name: HTTPField.Name, _ value: ArraySlice<UInt8>) throws(HTTPRequestError) {
        switch name {
        case .contentLength:
            // RFC 9112, section 6.3, lets equal repetitions be folded; refusing them leaves no two readings.
            guard contentLength == nil else { throw .malformed("Content-Length must be there once.") }
            contentLength = try Self.length(value)
        case .transferEncoding:
            hasTransferEncoding = true
            for coding in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                transferCodings += 1
                endsChunked = HTTPGrammar.equalsIgnoringCase(HTTPGrammar.trim(coding), "chunked")
            }
        case .connection:
            for option in value.split(separator: UInt8(ascii: ","))
            where HTTPGrammar.equalsIgnoringCase(HTTPGrammar.trim(option), "close") { closes = true }
        case .expect:
            if HTTPGrammar.equalsIgnoringCase(value, "100-continue") {
                expectsContinue = true
            } else {
                hasUnknownExpectation = true
            }
        case Self.host:
            // RFC 9112, section 3.2: empty when the target has no authority.
            guard value.isEmpty || HTTPGrammar.isAuthority(value) else {
                throw .malformed("Host must be a host name or an address, with a port or without.")
            }
            hosts.append(String(decoding: value, as: UTF8.self))
        default: break
        }
    }

    private static let host = HTTPField.Name("Host")

    /// RFC 9112, section 3.2: exactly one, at most one in HTTP/1.0.
    func host(isHTTP11: Bool) throws(HTTPRequestError) -> String? {
        guard hosts.count == 1 || (!isHTTP11 && hosts.isEmpty) else { throw .malformed("Host must be there once.") }
        return hosts.first
    }

    private static func length(_ value: ArraySlice<UInt8>) throws(HTTPRequestError) -> Int {
        guard !value.isEmpty, value.allSatisfy(HTTPGrammar.isDigit) else {
            throw .malformed("Content-Length must be a decimal number.")
        }
        // What is larger than any Int is larger than any limit, too.
        return Int(String(decoding: value, as: UTF8.self)) ?? .max
    }
}
