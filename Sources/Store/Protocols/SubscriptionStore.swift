package import AWSCore

/// The status of the subscriptions to SNS topics.
package protocol SubscriptionStore: Sendable {
    /// Records the status of a subscription, unless a later message was recorded already.
    ///
    /// - Throws: ``StoreError/Code/invalidValue`` for a message id that is not 1 to 256 bytes of UTF-8 without NUL.
    func record(_ subscription: Subscription) async throws(StoreError)

    /// The subscription to a topic; nil if none is known.
    func subscription(to topic: ARN) async throws(StoreError) -> Subscription?

    /// All subscriptions, ordered by topic, at most 1,000.
    ///
    /// - Parameter last: The last subscription of the previous page; nil for the first page.
    func subscriptions(after last: Subscription?, limit: Int) async throws(StoreError) -> [Subscription]
}

extension SubscriptionStore {
    /// All subscriptions, ordered by topic.
    ///
    /// - Parameter limit: The maximum number in a page, 1 to 1,000.
    package func subscriptions(pageLimit limit: Int) -> Pages<Subscription> {
        Pages(limit: limit) { last, limit throws(StoreError) in try await subscriptions(after: last, limit: limit) }
    }
}
