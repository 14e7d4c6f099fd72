import HTTPTypes

@testable import HTTPServer

/// The result of the parser must not depend on how the bytes are split, and no input may crash it.
///
/// The first byte sets the length of the parts.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequestParser(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    guard let first = bytes.first else { return 0 }
    let whole = read([bytes[1...]])
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes[1...]
    while !rest.isEmpty {
        pieces.append(rest.prefix(Int(first) + 1))
        rest = rest.dropFirst(Int(first) + 1)
    }
    precondition(read(pieces) == whole, "the result depends on how the bytes are split")
    return 0
}

/// The requests and the error as texts.
private func read(_ pieces: [ArraySlice<UInt8>]) -> [String] {
    let limits = HTTPLimits(requestLine: 200, head: 600, headerFields: 12, body: 500)
    var parser = RequestParser(limits: limits)
    var seen: [String] = []
    for chunk in pieces {
        parser.append(Array(chunk).span)
        do throws(HTTPRequestError) {
            reading: while true {
                switch try parser.next() {
                case .needsBytes: break reading
                // Whether 100 Continue is sent depends on whether more bytes arrived together.
                case .expectsContinue: continue
                case .request(let request, let keepsAlive, let supportsChunks):
                    precondition(request.body.count <= limits.body)
                    precondition(request.head.headerFields.count <= limits.headerFields)
                    seen.append(
                        "\(request.head) \(request.head.headerFields) \(request.body) \(keepsAlive) \(supportsChunks)")
                }
            }
            precondition(parser.heldBytes <= limits.head + limits.body + 256 + chunk.count)
        } catch {
            return seen + ["\(error.status.code) \(error.code)"]
        }
    }
    return seen + [parser.isInsideRequest ? "inside" : "between"]
}
