public import AWSCore
import GRDB
public import Store

extension SQLiteStore {
    /// Records the status of a subscription, unless a later message was recorded already.
    public func record(_ subscription: Subscription) async throws(StoreError) {
        try Limits.check(subscription)
        try await committer.write { db in
            try db.cachedStatement(sql: SubscriptionSQL.upsert).execute(arguments: [
                subscription.topic.description, subscription.state.rawValue, subscription.messageID,
                subscription.publishedAt, subscription.changedAt,
            ])
            return .success(())
        }
    }

    /// Returns the subscription to a topic.
    public func subscription(to topic: ARN) async throws(StoreError) -> Subscription? {
        try await read { db in
            let statement = try db.cachedStatement(sql: SubscriptionSQL.byTopic)
            return try Row.fetchOne(statement, arguments: [topic.description]).map { try Subscription($0) }
        }
    }

    /// Lists the subscriptions, ordered by topic.
    public func subscriptions(after last: Subscription?, limit: Int) async throws(StoreError) -> [Subscription] {
        try Limits.check(limit: limit)
        return try await read { db in
            let statement = try db.cachedStatement(sql: SubscriptionSQL.list)
            let start = last?.topic.description ?? ""
            return try Row.fetchAll(statement, arguments: [start, limit]).map { try Subscription($0) }
        }
    }
}
