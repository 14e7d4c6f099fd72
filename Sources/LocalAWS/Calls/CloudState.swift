import AWSCore
import JSON
import Synchronization

/// Everything that the stand-in remembers.
final class CloudState: Sendable {
    struct Content {
        var keys: AccessKeys
        var hubs: [Origin: SecurityHubModel] = [:]
        var audits: [Origin: AuditModel] = [:]
        var alarms: [Origin: AlarmModel] = [:]
        var topics = TopicModel()
        var rules: [Origin: EventRules] = [:]
        var trails: [Origin: Trails] = [:]
        /// The subscriptions to products whose findings Security Hub receives.
        var products: [Origin: [String]] = [:]
        /// Nil while nothing is throttled.
        var throttle: Throttle?
        var faults = FaultPlan()
        /// How often each operation was called; calls whose signature was refused do not count.
        var calls: [LocalAWS.Operation: Int] = [:]

        /// Security Hub of an account and Region.
        subscript(hub origin: Origin) -> SecurityHubModel {
            get { hubs[origin] ?? SecurityHubModel(origin: origin) }
            _modify { yield &hubs[origin, default: SecurityHubModel(origin: origin)] }
        }
    }

    private let content: Mutex<Content>
    /// Milliseconds since 1970.
    let clock: @Sendable () -> Int64

    init(_ content: Content, clock: @escaping @Sendable () -> Int64) {
        self.content = Mutex(content)
        self.clock = clock
    }

    func withLock<Value, Failure: Error>(
        _ body: (inout sending Content) throws(Failure) -> sending Value
    ) throws(Failure) -> sending Value {
        try content.withLock(body)
    }
}
