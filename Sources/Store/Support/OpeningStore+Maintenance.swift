public import AWSCore
public import Encoding

extension OpeningStore {
    /// See ``Store``.
    public func record(_ subscription: Subscription) async throws(StoreError) {
        try await current().record(subscription)
    }

    /// See ``Store``.
    public func subscription(to topic: ARN) async throws(StoreError) -> Subscription? {
        try await current().subscription(to: topic)
    }

    /// See ``Store``.
    public func subscriptions(after last: Subscription?, limit: Int) async throws(StoreError) -> [Subscription] {
        try await current().subscriptions(after: last, limit: limit)
    }

    /// See ``Store``.
    public func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await current().catchUpWatermarks()
    }

    /// See ``Store``.
    public func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await current().advanceCatchUpWatermark(of: accountRegion, to: time)
    }

    /// See ``Store``.
    public func lastDeliveries() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await current().lastDeliveries()
    }

    /// See ``Store``.
    public func recordLastDeliveries(_ times: [AccountRegion: Timestamp]) async throws(StoreError) {
        try await current().recordLastDeliveries(times)
    }

    /// See ``Store``.
    public func verify() async throws(StoreError) -> [String] {
        try await current().verify()
    }

    /// See ``Store``.
    public func checkWritable() async throws(StoreError) {
        try await current().checkWritable()
    }

    /// See ``Store``.
    public func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await current().resetCatchUpWatermark(of: accountRegion, to: time)
    }

    /// See ``Store``.
    public func clockMark() async throws(StoreError) -> ClockMark? {
        try await current().clockMark()
    }

    /// See ``Store``.
    public func record(_ mark: ClockMark) async throws(StoreError) {
        try await current().record(mark)
    }

    // These members have defaults, which must not apply here: each call is forwarded to the opened store.

    /// See ``Store``.
    public func checkRights() async throws(StoreError) {
        try await current().checkRights()
    }

    /// See ``Store``.
    public func sharingStatus() async throws(StoreError) -> SharingStatus {
        try await current().sharingStatus()
    }

    /// See ``Store``.
    public func checkIntegrity(
        report: @escaping @Sendable (IntegrityProgress) -> Void
    ) async throws(StoreError) {
        try await current().checkIntegrity(report: report)
    }
}
