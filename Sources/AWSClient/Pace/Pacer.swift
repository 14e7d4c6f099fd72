import AWSCore
import Synchronization

/// Spreads the requests to AWS: each operation in each account and Region at the pace that AWS documents, slower when AWS
/// says that they come too fast. One for the whole process, as AWS counts all requests of an account together.
public final class Pacer: Sendable {
    /// What has a pace of its own.
    struct Key: Hashable {
        let account: AccountID?
        let region: Region
        let service: AWSService
        let operation: String
    }

    /// Imports a second and at once, for each account and Region, where AWS has granted more, or others need some.
    public struct ImportRate: Sendable, Hashable {
        let quota: Quota

        /// - Parameters:
        ///   - rate: imports a second, more than 0.
        ///   - burst: imports at once after a pause, at least 1.
        public init(rate: Double, burst: Int) { quota = Quota(rate: rate, burst: burst) }
    }

    private struct State {
        var paces: [Key: OperationPace] = [:]
        var share = 1.0
    }

    private let imports: ImportRate?
    private let state = Mutex(State())

    /// Makes a pacer.
    ///
    /// - Parameter imports: nil for the documented rate.
    public init(imports: ImportRate? = nil) { self.imports = imports }

    /// The part of all rates that is this process's, more than 0 and at most 1: several bridges on one store divide them.
    public var share: Double { state.withLock { $0.share } }

    /// Sets the part of all rates that is this process's, from now on.
    ///
    /// - Parameter share: more than 0 and at most 1; what is less becomes a thousandth.
    /// - Parameter now: by the client's ``AWSClock/elapsed``.
    public func setShare(_ share: Double, now: Duration) {
        let bounded = share > 0.001 ? min(share, 1) : 0.001
        state.withLock { state in
            state.share = bounded
            for key in state.paces.keys { state.paces[key]?.change(share: bounded, now: now) }
        }
    }

    private func quota(_ key: Key) -> Quota? {
        if key.service == .securityHub, key.operation == "BatchImportFindings", let imports { return imports.quota }
        return Quota.documented(key.service, key.operation)
    }

    private func change<Value: Sendable>(
        _ key: Key, now: Duration, _ body: (inout OperationPace) -> Value
    ) -> Value {
        state.withLock { state in
            let quota = quota(key)
            let fresh = OperationPace(quota: quota, share: state.share, now: now)
            return body(&state.paces[key, default: fresh])
        }
    }

    /// Takes the turn of a request, and returns how long to wait for it.
    func turn(_ key: Key, now: Duration) -> Duration { change(key, now: now) { $0.turn(now: now) } }

    /// Notes how a request was answered.
    ///
    /// - Parameter isThrottled: whether AWS said that requests come too fast.
    func note(_ key: Key, isThrottled: Bool, retryAfter: Duration?, now: Duration) {
        change(key, now: now) { pace in
            if isThrottled { pace.throttled(retryAfter: retryAfter, now: now) } else { pace.answered(now: now) }
        }
    }

    /// Whether a request could go at once, and some more behind it.
    func isAmple(_ key: Key, now: Duration) -> Bool { change(key, now: now) { $0.isAmple(now: now) } }
}
