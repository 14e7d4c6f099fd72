import Synchronization

/// Remembers that deliveries were put off which their sender may have dropped meanwhile.
final class ReceiptGap: Sendable {
    /// How long the last delivery must have been taken again before the gap counts as over, in milliseconds: Amazon SNS
    /// tries again for a minute by default.
    static let patience: Int64 = 120_000

    /// When a delivery was put off last, in milliseconds since 1970; 0 for none since the gap was last caught up on.
    private let lastAt = Atomic<Int64>(0)

    /// A delivery was put off.
    func note(now: Int64) { lastAt.store(now, ordering: .relaxed) }

    /// Whether there was a gap that is over. It is forgotten by that.
    func takeOver(now: Int64) -> Bool {
        let last = lastAt.load(ordering: .relaxed)
        guard last != 0, now - last >= Self.patience else { return false }
        // A delivery that is put off at this moment begins a gap of its own.
        return lastAt.compareExchange(expected: last, desired: 0, ordering: .relaxed).exchanged
    }
}
