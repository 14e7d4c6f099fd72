package import AWSCore
package import Encoding

/// What the status page shows about the past, so that all replicas show the same, also after a restart.
package protocol StatusStore: Sendable {
    /// The points of a series, oldest first; at most ``HistoryPoint/Series/limit``.
    func history(_ series: HistoryPoint.Series) async throws(StoreError) -> [HistoryPoint]

    /// Adds a point unless its step has one already, and deletes those that are older than the series is long, or later than the
    /// next step: they were added while a clock was ahead.
    ///
    /// - Parameter point: at the beginning of a step; see ``HistoryPoint/Series/start(of:)``.
    func record(_ point: HistoryPoint, in series: HistoryPoint.Series) async throws(StoreError)

    /// When the last recorded delivery of each topic arrived.
    func topicDeliveries() async throws(StoreError) -> [ARN: Timestamp]

    /// Records when deliveries of topics last arrived, like ``CatchUpStore/recordLastDeliveries(_:)``.
    func recordTopicDeliveries(_ times: [ARN: Timestamp]) async throws(StoreError)
}
