import COpenSSL

/// Why a key, a certificate or a signature could not be read, made or checked.
public struct CryptographyError: Error, Hashable, CustomStringConvertible {
    /// What was refused, in words for the operator; it holds nothing of a key.
    public let message: String
    /// OpenSSL's own reasons, the first cause first; empty where the refusal is not OpenSSL's.
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

/// Runs a call of OpenSSL whose result is nil on failure.
///
/// OpenSSL keeps errors in a queue for each thread. It is emptied before, so that an error of an earlier call is not
/// taken for one of this call, and emptied into the error that is thrown.
func openSSL<Result>(_ message: String, _ call: () -> Result?) throws(CryptographyError) -> Result {
    ERR_clear_error()
    guard let result = call() else { throw CryptographyError(message, reasons: drainErrorQueue()) }
    return result
}

/// Runs a call of OpenSSL whose result is positive on success; see ``openSSL(_:_:)``.
func openSSLStatus(_ message: String, _ call: () -> Int32) throws(CryptographyError) {
    try openSSL(message) { () -> Void? in call() > 0 ? () : nil }
}

/// Takes the errors of this thread out of OpenSSL's queue, as reasons in words, and no more than the first eight.
func drainErrorQueue() -> [String] {
    var reasons: [String] = []
    while case let code = ERR_get_error(), code != 0 {
        guard reasons.count < 8 else { continue }
        reasons.append(ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)")
    }
    return reasons
}
