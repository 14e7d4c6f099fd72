import AWSCore
import JSON
import Synchronization

/// The state of the stand-in.
final class CloudState: Sendable {
    struct Content {
        var keys: AccessKeys
        var hubs: [AccountRegion: SecurityHubModel] = [:]
        /// AWS Security Hub by account and Region; off unless it is set.
        var hubsV2: [AccountRegion: SecurityHubV2State] = [:]
        var audits: [AccountRegion: AuditModel] = [:]
        /// The attributes of things by name.
        var things: [AccountRegion: [String: [String: String]]] = [:]
        var alarms: [AccountRegion: AlarmModel] = [:]
        var logAlarms: [AccountRegion: LogAlarmModel] = [:]
        var topics = TopicModel()
        var rules: [AccountRegion: EventRules] = [:]
        var trails: [AccountRegion: Trails] = [:]
        /// The subscriptions to products whose findings Security Hub receives.
        var products: [AccountRegion: [String]] = [:]
        /// Nil while throttling is off.
        var throttle: Throttle?
        var faults = FaultPlan()
        /// How often each operation was called; not counting calls with a rejected signature.
        var calls: [LocalAWS.Operation: Int] = [:]

        /// The log alarms of an account and Region.
        subscript(logAlarms accountRegion: AccountRegion) -> LogAlarmModel {
            get { logAlarms[accountRegion] ?? LogAlarmModel(accountRegion: accountRegion) }
            _modify { yield &logAlarms[accountRegion, default: LogAlarmModel(accountRegion: accountRegion)] }
        }

        /// Security Hub of an account and Region.
        subscript(hub accountRegion: AccountRegion) -> SecurityHubModel {
            get { hubs[accountRegion] ?? SecurityHubModel(accountRegion: accountRegion) }
            _modify { yield &hubs[accountRegion, default: SecurityHubModel(accountRegion: accountRegion)] }
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
