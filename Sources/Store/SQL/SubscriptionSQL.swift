/// The statements about subscriptions.
package enum SubscriptionSQL {
    package static let columns = "topic, state, message_id, published_at, changed_at"

    package static let upsert = """
        INSERT INTO subscription (\(columns)) VALUES (?, ?, ?, ?, ?) ON CONFLICT (topic) DO UPDATE SET
            state = excluded.state, message_id = excluded.message_id, published_at = excluded.published_at,
            changed_at = excluded.changed_at
        WHERE excluded.published_at >= subscription.published_at
        """

    package static let byTopic = "SELECT \(columns) FROM subscription WHERE topic = ?"

    package static let list = "SELECT \(columns) FROM subscription WHERE topic > ? ORDER BY topic LIMIT ?"
}
