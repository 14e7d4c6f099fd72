import JSON

@testable import SourceMapping

/// Any text is decoded or rejected, and a decoded message has all members of the header.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCEF(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    do throws(CEFError) {
        let message = try CEFMessage.decode(text)
        for name in ["vendor", "product", "version", "signature", "name", "severity"] {
            precondition(message[name]?.string != nil)
        }
        precondition((message["extension"]?.object?.count ?? .max) <= CEFMessage.maximumFields)
    } catch {
        precondition(error.column >= 1 && !error.message.isEmpty)
    }
    return 0
}
