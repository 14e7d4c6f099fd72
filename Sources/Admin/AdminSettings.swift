import Encoding
package import SNS
package import Store

/// The settings that the admin server shows or obeys. A reload of the configuration replaces them.
package struct AdminSettings: Sendable {
    /// `admin.hosts`, `admin.allowActions`, `admin.token`
    package var access: AdminAccess
    /// `sns.topics`
    package var topics: TopicPolicy
    /// Whether credentials for EventBridge are configured.
    package var acceptsEventBridge: Bool
    /// `store.maxPending`
    package var maximumPending: Int
    /// The path of the SQLite store; nil for PostgreSQL.
    package var storePath: String?
    /// `deadLetters.maxCount`, `deadLetters.maxBytes`
    package var deadLetterLimits: DeadLetterLimits
    /// `deadLetters.maxAge`
    package var maximumDeadLetterAge: Duration
    /// `catchUp.interval`; nil for never.
    package var catchUpInterval: Duration?

    /// Creates settings.
    package init(
        access: AdminAccess, topics: TopicPolicy, acceptsEventBridge: Bool, maximumPending: Int, storePath: String?,
        deadLetterLimits: DeadLetterLimits, maximumDeadLetterAge: Duration, catchUpInterval: Duration?
    ) {
        self.access = access
        self.topics = topics
        self.acceptsEventBridge = acceptsEventBridge
        self.maximumPending = maximumPending
        self.storePath = storePath
        self.deadLetterLimits = deadLetterLimits
        self.maximumDeadLetterAge = maximumDeadLetterAge
        self.catchUpInterval = catchUpInterval
    }

    /// The used share of each dead-letter limit; from 1 on, dead letters are dropped.
    ///
    /// - Parameter now: milliseconds since 1970.
    package func shares(of usage: DeadLetterUsage, now: Int64) -> [(limit: DroppedDeadLetters.Cause, ratio: Double)] {
        let share = usage.utilization(of: deadLetterLimits)
        // Stored times may be anything.
        let age = usage.oldestFailedAt.map { max(Double(now) - Double($0), 0) } ?? 0
        return [
            (.count, share.count), (.bytes, share.bytes), (.age, age / Double(maximumDeadLetterAge.milliseconds)),
        ]
    }
}
