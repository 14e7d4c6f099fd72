import Encoding
import Synchronization

/// The clock skew between this machine and AWS's endpoints, once a request has failed because of it.
final class ClockOffsets: Sendable {
    private let offsets = Mutex<[String: Int64]>([:])

    /// The milliseconds to add to this machine's time for an endpoint.
    func offset(of authority: String) -> Int64 { offsets.withLock { $0[authority] ?? 0 } }

    /// Sets the offset of an endpoint.
    func set(_ offset: Int64, of authority: String) { offsets.withLock { $0[authority] = offset } }
}

/// Decides whether clock skew made a request fail, by the rule of AWS's SDKs.
enum ClockSkew {
    /// Error codes that report clock skew, or may result from it: a signature is valid for five minutes.
    private static let codes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
        "SignatureDoesNotMatch", "AuthFailure",
    ]
    /// The skew from which to correct, in milliseconds; less than five minutes, to allow for the request's duration.
    private static let tolerance: Int64 = 240_000

    /// The offset to retry with, in milliseconds; nil if clock skew is not the cause.
    ///
    /// - Parameters:
    ///   - code: AWS's error code.
    ///   - date: the response's `Date` in milliseconds since 1970.
    ///   - now: this machine's time.
    ///   - offset: the offset that was used for the request.
    static func correction(code: String?, date: Int64?, now: Int64, offset: Int64) -> Int64? {
        guard let code, codes.contains(code), let date,
            date.saturatingDistance(to: now.saturatingAdding(offset)) >= tolerance
        else { return nil }
        return date.saturatingSubtracting(now)
    }
}
