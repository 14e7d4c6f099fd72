package import AWSCore
package import Encoding

/// What catch-up knows about past events: its watermarks, and when deliveries last arrived.
package protocol CatchUpStore: Sendable {
    /// Up to when catch-up has asked Device Defender for missed events, by account-Region.
    func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Timestamp]

    /// Advances the watermark of an account-Region: catch-up has asked for everything that happened before `time`. An
    /// earlier time has no effect.
    func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError)

    /// Moves the watermark of an account-Region back to `time` if it is later: it was written while a clock was ahead.
    func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError)

    // MARK: Last deliveries

    /// When the last recorded delivery of each account-Region arrived.
    func lastDeliveries() async throws(StoreError) -> [AccountRegion: Timestamp]

    /// Records when deliveries last arrived. An earlier time has no effect, unless the recorded one is later by more
    /// than ``QueueTime/longestWait``: it was written while a clock was ahead.
    func recordLastDeliveries(_ times: [AccountRegion: Timestamp]) async throws(StoreError)
}
