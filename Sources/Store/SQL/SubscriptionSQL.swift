/// The statements about subscriptions.
package enum SubscriptionSQL {
    /// The columns, in the order in which values are written.
    package static let columns = "topic, state, message_id, published_at, changed_at"

    /// Records the status of a subscription, unless a later message is recorded.
    package static let upsert = SQLStatement(
        """
        INSERT INTO subscription (\(columns)) VALUES (:topic, :state, :message_id, :published_at, :changed_at)
        ON CONFLICT (topic) DO UPDATE SET
            state = excluded.state, message_id = excluded.message_id, published_at = excluded.published_at,
            changed_at = excluded.changed_at
        WHERE excluded.published_at >= subscription.published_at
        """)

    /// The subscription to a topic.
    package static let byTopic = SQLStatement("SELECT \(columns) FROM subscription WHERE topic = :topic")

    /// The subscriptions after a topic.
    package static let list = SQLStatement(
        "SELECT \(columns) FROM subscription WHERE topic > :topic ORDER BY topic LIMIT :limit")
}
