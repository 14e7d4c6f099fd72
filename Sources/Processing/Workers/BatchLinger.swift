import AWSClient
import AWSCore
import Encoding

/// How long alarms wait for others, so that full batches are sent.
struct BatchLinger: Sendable {
    let client: AWSClient
    let region: Region

    /// The number of findings that fill a batch.
    static let full = 100
    /// The longest wait without headroom.
    private static let timeout = Duration.milliseconds(500)
    /// The longest wait with headroom: a burst of alarms arrives within milliseconds.
    private static let shortTimeout = Duration.milliseconds(50)

    /// Returns how much longer to wait.
    ///
    /// - Parameters:
    ///   - count: the number of waiting deliveries.
    ///   - waited: how long the first of them has been waiting.
    func wait(count: Int, waited: Duration) -> Duration {
        Self.wait(count: count, waited: waited, hasHeadroom: client.hasImportHeadroom(region: region))
    }

    /// - Parameter hasHeadroom: whether the rate limit leaves headroom, so that waiting gains little.
    static func wait(count: Int, waited: Duration, hasHeadroom: Bool) -> Duration {
        guard count < full else { return .zero }
        return max((hasHeadroom ? shortTimeout : timeout) - waited, .zero)
    }
}
