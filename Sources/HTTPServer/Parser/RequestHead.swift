import HTTPTypes

/// A parsed request head: request line, header fields, and what they imply for the content and the connection.
struct RequestHead {
    /// The framing of the content (RFC 9112, section 6).
    enum Framing: Equatable {
        case length(Int)
        case chunked
    }

    var request: HTTPRequest
    var framing = Framing.length(0)
    /// Whether the client supports HTTP/1.1, not only 1.0.
    let isHTTP11: Bool
    /// Whether the connection is persistent (RFC 9112, section 9.3).
    var keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the content (RFC 9110, section 10.1.1).
    var expectsContinue = false

    /// Parses a head.
    ///
    /// - Parameters:
    ///   - bytes: the buffer.
    ///   - lines: its lines, without terminators and control characters, the request line first.
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
        // RFC 9112, section 3.2.2: Host is ignored.
        case .absolute(let authority, let path): (request.path, request.authority) = (path, authority)
        }
    }

    private mutating func setFraming(_ fields: FieldSummary, isHTTP11: Bool, limits: HTTPLimits)
        throws(HTTPRequestError)
    {
        if fields.hasTransferEncoding {
            guard isHTTP11 else { throw .malformed("Transfer-Encoding requires HTTP/1.1.") }
            guard fields.contentLength == nil else {
                throw .malformed("Content-Length and Transfer-Encoding are both present. Send one of them.")
            }
            // RFC 9112, sections 6.1 and 6.3: unless chunked is last, the end of the content is unknown.
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

/// The request line (RFC 9112, section 3), with exactly one space between its parts.
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
        else {
            throw .malformed("The request line must be a method, a target and HTTP/1.1, separated by single spaces.")
        }
        let isHTTP11 = try version(parts[2])
        // RFC 9110, section 9.3.6: bytes after a CONNECT are not HTTP, so the connection must end.
        guard method != .connect else { throw .tunnel }
        return (method, try target(parts[1], method: method), isHTTP11)
    }

    private func version(_ bytes: ArraySlice<UInt8>) throws(HTTPRequestError) -> Bool {
        let version = Array(bytes)
        guard version.count == 8, version.starts(with: "HTTP/".utf8), version[6] == UInt8(ascii: "."),
            HTTPGrammar.isDigit(version[5]), HTTPGrammar.isDigit(version[7])
        else { throw .malformed("The request line must end with HTTP/1.1.") }
        // RFC 9110, section 2.5: a higher minor version is processed as the highest supported one.
        guard version[5] == UInt8(ascii: "1") else { throw .version }
        return version[7] != UInt8(ascii: "0")
    }

    private func target(_ bytes: ArraySlice<UInt8>, method: HTTPRequest.Method) throws(HTTPRequestError) -> Target {
        guard let first = bytes.first, bytes.allSatisfy(HTTPGrammar.isTarget), !bytes.contains(UInt8(ascii: "#")) else {
            throw .malformed("The target must consist of visible ASCII characters and have no fragment.")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        // RFC 9112, section 3.2.4: the asterisk form is for OPTIONS only.
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

/// The values of the header fields that the server itself interprets.
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
        else { throw .malformed("A header field must be a name, a colon without space before it, and a value.") }
        let value = HTTPGrammar.trim(line[(colon + 1)...])
        try apply(name, value)
        fields.append(HTTPField(name: name, lenientValue: value))
    }

    private static func name(_ bytes: ArraySlice<UInt8>) -> HTTPField.Name? {
        bytes.allSatisfy(HTTPGrammar.isToken) ? HTTPField.Name(String(decoding: bytes, as: UTF8.self)) : nil
    }

    private mutating func apply(_ name: HTTPField.Name, _ value: ArraySlice<UInt8>) throws(HTTPRequestError) {
        switch name {
        case .contentLength:
            // RFC 9112, section 6.3, allows folding equal repetitions; rejecting them leaves no ambiguity.
            guard contentLength == nil else { throw .malformed("Content-Length is present more than once.") }
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
            // RFC 9112, section 3.2: empty if the target has no authority.
            guard value.isEmpty || HTTPGrammar.isAuthority(value) else {
                throw .malformed("Host must be a host name or an address, with an optional port.")
            }
            hosts.append(String(decoding: value, as: UTF8.self))
        default: break
        }
    }

    private static let host = HTTPField.Name("Host")

    /// The value of Host (RFC 9112, section 3.2): exactly one, at most one in HTTP/1.0.
    func host(isHTTP11: Bool) throws(HTTPRequestError) -> String? {
        guard hosts.count == 1 || (!isHTTP11 && hosts.isEmpty) else {
            throw .malformed("Host must be present exactly once.")
        }
        return hosts.first
    }

    private static func length(_ value: ArraySlice<UInt8>) throws(HTTPRequestError) -> Int {
        guard !value.isEmpty, value.allSatisfy(HTTPGrammar.isDigit) else {
            throw .malformed("Content-Length must be a decimal number.")
        }
        // A number that exceeds Int exceeds any limit, too.
        return Int(String(decoding: value, as: UTF8.self)) ?? .max
    }
}
