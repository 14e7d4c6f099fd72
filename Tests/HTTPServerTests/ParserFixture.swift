import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

/// The result of parsing bytes, in a comparable form.
struct Reading: Equatable {
    /// A request, as a handler receives it.
    struct Message: Equatable {
        var method: String
        var target: String?
        var authority: String?
        var fields: [String]
        var body: [UInt8]
        var keepsAlive: Bool
    }

    var messages: [Message] = []
    var fault: HTTPRequestError?
    /// Whether the bytes end in the middle of a request.
    var isInside = false

    /// Parses chunks one after the other.
    init(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = HTTPLimits()) {
        var parser = RequestParser(limits: limits)
        for chunk in pieces {
            parser.append(chunk)
            do throws(HTTPRequestError) {
                try read(&parser)
            } catch {
                fault = error
                return
            }
        }
        isInside = parser.isInsideRequest
    }

    private mutating func read(_ parser: inout RequestParser) throws(HTTPRequestError) {
        while true {
            switch try parser.next() {
            case .needsBytes: return
            case .expectsContinue: break
            case .request(let request, let keepsAlive, _):
                messages.append(Message(request, keepsAlive: keepsAlive))
            }
        }
    }

    /// Parses all bytes in one chunk.
    init(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()) { self.init([bytes[...]], limits: limits) }

    init(_ text: String, limits: HTTPLimits = HTTPLimits()) { self.init(Array(text.utf8), limits: limits) }
}

extension RequestParser {
    mutating func append(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        append(bytes.span)
    }
}

extension Reading.Message {
    init(_ request: ServerRequest, keepsAlive: Bool) {
        method = request.head.method.rawValue
        target = request.head.path
        authority = request.head.authority
        fields = request.head.headerFields.map { "\($0.name.rawName): \($0.value)" }
        body = request.body
        self.keepsAlive = keepsAlive
    }

    /// A row's expected request; `fields` without `Host: a`.
    init(
        _ method: String, _ target: String, authority: String? = "a", fields: [String] = [], host: String? = "Host: a",
        body: String = "", keepsAlive: Bool = true
    ) {
        self.method = method
        self.target = target
        self.authority = authority
        self.fields = (host.map { [$0] } ?? []) + fields
        self.body = Array(body.utf8)
        self.keepsAlive = keepsAlive
    }
}

/// A row of a table: bytes, and the expected requests.
struct AcceptedCase: CustomTestStringConvertible {
    let name: String
    let text: String
    let messages: [Reading.Message]
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ messages: Reading.Message...) {
        self.name = name
        self.text = text
        self.messages = messages
    }
}

/// A row of a table: bytes, and the expected error.
struct RejectedCase: CustomTestStringConvertible {
    let name: String
    let text: String
    let status: Int
    let code: String
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ status: Int = 400, _ code: String = "malformed_request") {
        self.name = name
        self.text = text
        self.status = status
        self.code = code
    }
}

extension Array where Element == UInt8 {
    /// Random mutations that distinguish parsers: bytes removed, doubled, replaced by delimiters.
    func mutated(using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = self
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes.remove(at: index)
            case 1: bytes.insert(bytes[index], at: index)
            case 2: bytes[index] = .random(in: 0...255, using: &generator)
            case 3: bytes.insert("\r\n :;,0aA\t\0\u{7F}".utf8.randomElement(using: &generator) ?? 0, at: index)
            default: bytes.swapAt(index, Int.random(in: bytes.indices, using: &generator))
            }
        }
        return bytes
    }

    /// The bytes, split at random.
    func split(using generator: inout SeededGenerator) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = self[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...Swift.min(rest.count, 40), using: &generator)
            pieces.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return pieces
    }
}
