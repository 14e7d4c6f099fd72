package import Encoding
package import SNS
package import Store

/// The settings that the admin server shows or obeys. A reload of the configuration replaces them.
package struct AdminSettings: Sendable {
    /// `admin.hosts`, `admin.allowActions`, `admin.token`, `admin.tokens`
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
    /// The names of the configured mapped sources, in the order of the file.
    package var sources: [String]

    /// Creates settings.
    package init(
        access: AdminAccess, topics: TopicPolicy, acceptsEventBridge: Bool, maximumPending: Int, storePath: String?,
        deadLetterLimits: DeadLetterLimits, maximumDeadLetterAge: Duration, catchUpInterval: Duration?,
        sources: [String] = []
    ) {
        self.access = access
        self.topics = topics
        self.acceptsEventBridge = acceptsEventBridge
        self.maximumPending = maximumPending
        self.storePath = storePath
        self.deadLetterLimits = deadLetterLimits
        self.maximumDeadLetterAge = maximumDeadLetterAge
        self.catchUpInterval = catchUpInterval
        self.sources = sources
    }

    /// The used share of each dead-letter limit; from 1 on, dead letters are dropped.
    package func shares(of usage: DeadLetterUsage, now: Timestamp) -> [(limit: DroppedDeadLetters.Cause, ratio: Double)]
    {
        let share = usage.utilization(of: deadLetterLimits)
        let age = usage.oldestFailedAt.map { max(now - $0, .zero) } ?? .zero
        return [
            (.count, share.count), (.bytes, share.bytes),
            (.age, Double(age.milliseconds) / Double(maximumDeadLetterAge.milliseconds)),
        ]
    }
}
