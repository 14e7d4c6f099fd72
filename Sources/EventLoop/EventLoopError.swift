import CLibuv

/// A failed system call of the event loop.
public struct EventLoopError: Error, Hashable, CustomStringConvertible {
    /// The failed operation, for example `listen on 127.0.0.1:8080`.
    public let operation: String
    /// The error's symbolic name, for example `EADDRINUSE`.
    public let name: String
    /// The error's description, for example `address already in use`.
    public let reason: String

    /// The failed operation and the reason.
    public var description: String { "cannot \(operation): \(reason) (\(name))" }

    init(_ code: CInt, operation: String) {
        self.operation = operation
        self.name = uv_err_name(code).map { String(cString: $0) } ?? "UNKNOWN"
        self.reason = uv_strerror(code).map { String(cString: $0) } ?? "unknown error"
    }

    /// Throws if a libuv call returned an error code.
    static func check(_ code: CInt, operation: @autoclosure () -> String) throws(EventLoopError) {
        guard code < 0 else { return }
        throw EventLoopError(code, operation: operation())
    }
}
