import Encoding
import Synchronization

/// The clock skew between this machine and AWS's endpoints, once a request has failed because of it.
final class ClockOffsets: Sendable {
    private let offsets = Mutex<[String: Duration]>([:])

    /// What to add to this machine's time for an endpoint.
    func offset(of authority: String) -> Duration { offsets.withLock { $0[authority] ?? .zero } }

    /// Sets the offset of an endpoint.
    func set(_ offset: Duration, of authority: String) { offsets.withLock { $0[authority] = offset } }
}

/// Decides whether clock skew made a request fail, by the rule of AWS's SDKs.
enum ClockSkew {
    /// Error codes that report clock skew, or may result from it: a signature is valid for five minutes.
    private static let codes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
        "SignatureDoesNotMatch", "AuthFailure",
    ]
    /// The skew from which to correct; less than five minutes, to allow for the request's duration.
    private static let tolerance = Duration.seconds(240)

    /// The offset to retry with; nil if clock skew is not the cause.
    ///
    /// - Parameters:
    ///   - code: AWS's error code.
    ///   - date: the response's `Date`.
    ///   - now: this machine's time.
    ///   - offset: the offset that was used for the request.
    static func correction(code: String?, date: Timestamp?, now: Timestamp, offset: Duration) -> Duration? {
        guard let code, codes.contains(code), let date,
            (date - (now + offset)).magnitude >= tolerance
        else { return nil }
        return date - now
    }
}
