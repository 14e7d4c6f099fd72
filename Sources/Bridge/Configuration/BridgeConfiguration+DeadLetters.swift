import AWSCore
import Store

extension BridgeConfiguration {
    /// The used share of each dead-letter limit; from 1 on, dead letters are dropped.
    ///
    /// - Parameter now: Milliseconds since 1970.
    func shares(
        of usage: DeadLetterUsage, now: Int64
    ) -> [(limit: DroppedDeadLetters.Cause, ratio: Double)] {
        let share = usage.utilization(of: deadLetterLimits)
        // Stored times may be anything.
        let age = usage.oldestFailedAt.map { max(Double(now) - Double($0), 0) } ?? 0
        return [
            (.count, share.count), (.bytes, share.bytes), (.age, age / Double(maximumDeadLetterAge.milliseconds)),
        ]
    }
}
