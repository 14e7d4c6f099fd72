package import AWSCore
package import Store

extension PostgreSQLStore {
    /// Records the status of a subscription, unless a later message was recorded already.
    package func record(_ subscription: Subscription) async throws(StoreError) {
        try Limits.check(subscription)
        try await write(
            SubscriptionSQL.upsert,
            [
                .text(subscription.topic.description), .text(subscription.state.rawValue),
                .text(subscription.messageID), .time(subscription.publishedAt), .time(subscription.changedAt),
            ], within: timeout)
    }

    /// Returns the subscription to a topic.
    package func subscription(to topic: ARN) async throws(StoreError) -> Subscription? {
        try await read(SubscriptionSQL.byTopic, [.text(topic.description)], within: timeout) { rows in
            try rows.rows.first.map { try Subscription($0) }
        }
    }

    /// Lists the subscriptions, ordered by topic.
    package func subscriptions(after last: Subscription?, limit: Int) async throws(StoreError) -> [Subscription] {
        try Limits.check(limit: limit)
        return try await read(
            SubscriptionSQL.list, [.text(last?.topic.description ?? ""), .integer(limit)]
        ) { try $0.rows.map { try Subscription($0) } }
    }
}
