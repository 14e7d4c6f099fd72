import COpenSSL

/// A failure to read, create or verify a key, a certificate or a signature.
public struct CryptographyError: Error, Hashable, CustomStringConvertible {
    /// The error message; without key material.
    public let message: String
    /// OpenSSL's error reasons, the root cause first; empty if the error is not OpenSSL's.
    public let reasons: [String]

    init(_ message: String, reasons: [String] = []) {
        self.message = message
        self.reasons = reasons
    }

    /// The message, and OpenSSL's reasons if there are any.
    public var description: String {
        reasons.isEmpty ? message : "\(message) (OpenSSL: \(reasons.joined(separator: "; ")))"
    }
}

/// Calls an OpenSSL function whose result is nil on failure.
///
/// OpenSSL keeps errors in a queue per thread. The queue is cleared first, so that earlier errors are not attributed to
/// this call, and drained into the thrown error.
func openSSL<Result>(_ message: String, _ call: () -> Result?) throws(CryptographyError) -> Result {
    ERR_clear_error()
    guard let result = call() else { throw CryptographyError(message, reasons: drainErrorQueue()) }
    return result
}

/// Calls an OpenSSL function whose result is positive on success; see ``openSSL(_:_:)``.
func openSSLStatus(_ message: String, _ call: () -> Int32) throws(CryptographyError) {
    try openSSL(message) { () -> Void? in call() > 0 ? () : nil }
}

/// Drains this thread's OpenSSL error queue, and returns the first eight reasons.
func drainErrorQueue() -> [String] {
    var reasons: [String] = []
    while case let code = ERR_get_error(), code != 0 {
        guard reasons.count < 8 else { continue }
        reasons.append(ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)")
    }
    return reasons
}
