/// How long findings wait for others, so that full batches are sent. A pure rule but for the question it asks.
struct BatchLinger: Sendable {
    /// Whether requests are plentiful, so that little is gained by waiting.
    let hasHeadroom: @Sendable () -> Bool

    /// How many fill a batch.
    static let full = 100
    /// The longest wait, when each request counts.
    private static let timeout = Duration.milliseconds(500)
    /// The longest wait otherwise: a burst of alarms comes within some milliseconds.
    private static let shortTimeout = Duration.milliseconds(50)

    /// How long to wait yet.
    ///
    /// - Parameters:
    ///   - count: how many there are.
    ///   - waited: how long the first of them has waited.
    func wait(count: Int, waited: Duration) -> Duration {
        guard count < Self.full else { return .zero }
        return max((hasHeadroom() ? Self.shortTimeout : Self.timeout) - waited, .zero)
    }
}
