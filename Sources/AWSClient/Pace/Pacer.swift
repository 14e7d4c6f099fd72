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
        /// When accounts and Regions were taken over from another process.
        var takenAt: [Origin: Duration] = [:]
    }

    private let imports: ImportRate?
    private let state = Mutex(State())

    /// Makes a pacer.
    ///
    /// - Parameter imports: nil for the documented rate.
    public init(imports: ImportRate? = nil) { self.imports = imports }

    /// Notes that this process begins to work on an account and Region that another one may have worked on until now: what
    /// the rates allow at once may be used up.
    func takeOver(_ origin: Origin, now: Duration) {
        state.withLock { state in
            state.takenAt[origin] = now
            for key in state.paces.keys where key.account == origin.account && key.region == origin.region {
                state.paces[key]?.empty(now: now)
            }
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
            if state.paces[key] == nil {
                var fresh = OperationPace(quota: quota, now: now)
                let origin = key.account.map { Origin(account: $0, region: key.region) }
                if let takenAt = origin.flatMap({ state.takenAt[$0] }) { fresh.empty(now: takenAt) }
                state.paces[key] = fresh
            }
            return body(&state.paces[key, default: OperationPace(quota: quota, now: now)])
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
