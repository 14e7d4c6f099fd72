import Encoding
import Store

/// Until when the silence of a mapped source in one account and Region is known: everything that it sent before is processed.
enum SourceSilence {
    /// How long a delivery may be unfinished in ordinary operation. A source that sends all the time always has some that are.
    static let longestWait = Duration.seconds(60)

    /// The end of the known silence; nil while deliveries wait for longer than usual, so that nothing is known.
    ///
    /// - Parameter oldest: when the oldest unfinished delivery arrived; nil if there is none.
    static func end(oldestUnfinished oldest: Timestamp?, now: Timestamp) -> Timestamp? {
        guard let oldest else { return now }
        return now - oldest > longestWait ? nil : min(oldest, now)
    }
}
