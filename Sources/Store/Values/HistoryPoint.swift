package import Encoding

/// How many findings were open, and how many deliveries waited, at one time.
package struct HistoryPoint: Sendable, Hashable {
    /// A series of points at equal intervals.
    package enum Series: String, Sendable, Hashable, CaseIterable {
        /// The last day, each quarter of an hour.
        case day = "24h"
        /// The last 30 days, each four hours.
        case month = "30d"

        /// The time between two points.
        package var step: Duration {
            switch self {
            case .day: .seconds(15 * 60)
            case .month: .seconds(4 * 3600)
            }
        }

        /// The time from the oldest point to now.
        package var length: Duration {
            switch self {
            case .day: .seconds(86_400)
            case .month: .seconds(30 * 86_400)
            }
        }

        /// The most points: one for each step, the current one, and one of a clock that is ahead by less than a step.
        package var limit: Int { Int(length / step) + 2 }

        /// The beginning of the step that a time is in.
        package func start(of time: Timestamp) -> Timestamp {
            let step = step.milliseconds
            let rest = time.milliseconds % step
            return time - .milliseconds(rest < 0 ? rest + step : rest)
        }
    }

    /// The beginning of the step.
    package var at: Timestamp
    /// The findings that are active in Security Hub, by severity. Those whose severity is unknown are not counted.
    package var open: [LedgerEntry.Severity: Int]
    /// The findings whose latest state is not confirmed by Security Hub.
    package var unsent: Int
    /// The deliveries in the queue.
    package var pending: Int
    /// The dead letters.
    package var dead: Int

    /// Creates a value.
    package init(at: Timestamp, open: [LedgerEntry.Severity: Int], unsent: Int, pending: Int, dead: Int) {
        self.at = at
        self.open = open
        self.unsent = unsent
        self.pending = pending
        self.dead = dead
    }
}
