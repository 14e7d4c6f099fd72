import JSON

@testable import SourceMapping

/// Any path is parsed or rejected, and a parsed one selects at most as many values as are asked for, all from the
/// document.
///
/// The first line is the path, the rest the document.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSONPath(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    do throws(JSONPathError) {
        let path = try JSONPath(parsing: String(decoding: line, as: UTF8.self))
        guard let document = try? JSON(parsing: Array(bytes.dropFirst(line.count + 1))) else { return 0 }
        let all = path.nodes(in: document, limit: .max)
        precondition(path.nodes(in: document, limit: 1) == Array(all.prefix(1)))
        precondition(path.nodes(in: document) == Array(all.prefix(JSONPath.maximumNodes)))
    } catch {
        precondition(error.column >= 1 && !error.problem.isEmpty && !error.fix.isEmpty)
    }
    return 0
}
