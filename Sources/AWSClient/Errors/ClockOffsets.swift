import AWSCore
import Synchronization

/// How far this machine's clock is from those of AWS's endpoints, as far as it mattered.
final class ClockOffsets: Sendable {
    private let offsets = Mutex<[String: Int64]>([:])

    /// What is to be added to this machine's time for an endpoint, in milliseconds.
    func offset(of authority: String) -> Int64 { offsets.withLock { $0[authority] ?? 0 } }

    /// Goes on with another offset.
    func set(_ offset: Int64, of authority: String) { offsets.withLock { $0[authority] = offset } }
}

/// Whether a request was refused because the clocks differ. A pure rule, as AWS's SDKs have it.
enum ClockSkew {
    /// What says so itself, and what may come of it: a signature is good for five minutes.
    private static let codes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
        "SignatureDoesNotMatch", "AuthFailure",
    ]
    /// From how many milliseconds on clocks differ; less than five minutes, as a request takes its time.
    private static let tolerance: Int64 = 240_000

    /// The offset to go on with, in milliseconds; nil if the clocks agree well enough, or nothing points to them.
    ///
    /// - Parameters:
    ///   - code: AWS's name of the error.
    ///   - date: the response's `Date` in milliseconds since 1970.
    ///   - now: this machine's time.
    ///   - offset: what was added to it for the request.
    static func correction(code: String?, date: Int64?, now: Int64, offset: Int64) -> Int64? {
        guard let code, codes.contains(code), let date,
            date.saturatingDistance(to: now.saturatingAdding(offset)) >= tolerance
        else { return nil }
        return date.saturatingSubtracting(now)
    }
}
