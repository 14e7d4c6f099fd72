package import AWSCore
import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Records the status of a subscription, unless a later message was recorded already.
    package func record(_ subscription: Subscription) async throws(StoreError) {
        try Limits.check(subscription)
        try await committer.write { db in
            try db.run(
                SubscriptionSQL.upsert,
                [
                    subscription.topic.description, subscription.state.rawValue, subscription.messageID,
                    subscription.publishedAt.milliseconds, subscription.changedAt.milliseconds,
                ])
            return .success(())
        }
    }

    /// Returns the subscription to a topic.
    package func subscription(to topic: ARN) async throws(StoreError) -> Subscription? {
        try await read { db in
            try db.row(SubscriptionSQL.byTopic, [topic.description]).map { try Subscription($0) }
        }
    }

    /// Lists the subscriptions, ordered by topic.
    package func subscriptions(after last: Subscription?, limit: Int) async throws(StoreError) -> [Subscription] {
        try Limits.check(limit: limit)
        return try await read { db in
            try db.rows(SubscriptionSQL.list, [last?.topic.description ?? "", limit]).map { try Subscription($0) }
        }
    }
}
