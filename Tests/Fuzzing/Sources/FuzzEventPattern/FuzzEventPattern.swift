import JSON

@testable import SourceMapping

/// Any pattern is parsed or rejected, and a parsed one gives the same answer for an event each time.
///
/// The first line is the pattern, the rest the event.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEventPattern(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    guard let json = try? JSON(parsing: Array(line)) else { return 0 }
    do throws(EventPatternError) {
        let pattern = try EventPattern(json)
        guard let event = try? JSON(parsing: Array(bytes.dropFirst(line.count + 1))) else { return 0 }
        let matches = pattern.matches(event)
        precondition(matches == pattern.matches(event))
        precondition(!matches || event.object != nil, "only an object can match")
    } catch {
        precondition(!error.problem.isEmpty && !error.fix.isEmpty)
    }
    return 0
}
