package import AWSCore
package import Encoding

extension OpeningStore {
    /// See ``Store``.
    package func record(_ subscription: Subscription) async throws(StoreError) {
        try await current().record(subscription)
    }

    /// See ``Store``.
    package func subscription(to topic: ARN) async throws(StoreError) -> Subscription? {
        try await current().subscription(to: topic)
    }

    /// See ``Store``.
    package func subscriptions(after last: Subscription?, limit: Int) async throws(StoreError) -> [Subscription] {
        try await current().subscriptions(after: last, limit: limit)
    }

    /// See ``Store``.
    package func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await current().catchUpWatermarks()
    }

    /// See ``Store``.
    package func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await current().advanceCatchUpWatermark(of: accountRegion, to: time)
    }

    /// See ``Store``.
    package func lastDeliveries() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await current().lastDeliveries()
    }

    /// See ``Store``.
    package func recordLastDeliveries(_ times: [AccountRegion: Timestamp]) async throws(StoreError) {
        try await current().recordLastDeliveries(times)
    }

    /// See ``Store``.
    package func history(_ series: HistoryPoint.Series) async throws(StoreError) -> [HistoryPoint] {
        try await current().history(series)
    }

    /// See ``Store``.
    package func record(_ point: HistoryPoint, in series: HistoryPoint.Series) async throws(StoreError) {
        try await current().record(point, in: series)
    }

    /// See ``Store``.
    package func topicDeliveries() async throws(StoreError) -> [ARN: Timestamp] {
        try await current().topicDeliveries()
    }

    /// See ``Store``.
    package func recordTopicDeliveries(_ times: [ARN: Timestamp]) async throws(StoreError) {
        try await current().recordTopicDeliveries(times)
    }

    /// See ``Store``.
    package func verify(
        report: @escaping @Sendable (IntegrityProgress) -> Void
    ) async throws(StoreError) -> [String] {
        try await current().verify(report: report)
    }

    /// See ``Store``.
    package func checkWritable() async throws(StoreError) {
        try await current().checkWritable()
    }

    /// See ``Store``.
    package func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await current().resetCatchUpWatermark(of: accountRegion, to: time)
    }

    /// See ``Store``.
    package func clockMark() async throws(StoreError) -> ClockMark? {
        try await current().clockMark()
    }

    /// See ``Store``.
    package func record(_ mark: ClockMark) async throws(StoreError) {
        try await current().record(mark)
    }

    // These members have defaults, which must not apply here: each call is forwarded to the opened store.

    /// See ``Store``.
    package func checkRights() async throws(StoreError) {
        try await current().checkRights()
    }

    /// See ``Store``.
    package func sharingStatus() async throws(StoreError) -> SharingStatus {
        try await current().sharingStatus()
    }

    /// See ``Store``.
    package func checkIntegrity(
        report: @escaping @Sendable (IntegrityProgress) -> Void
    ) async throws(StoreError) {
        try await current().checkIntegrity(report: report)
    }
}
