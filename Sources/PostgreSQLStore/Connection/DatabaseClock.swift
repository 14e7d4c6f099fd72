import Encoding
import Synchronization

/// Converts between this machine's clock and the database's. All times in the queue are the database's.
final class DatabaseClock: Sendable {
    private let local: @Sendable () -> Timestamp
    /// In milliseconds.
    private let measured = Atomic<Int64>(0)

    /// Smaller differences are ignored: the measurement is no more exact than the network allows.
    private static let resolution = Duration.milliseconds(500)
    /// Longer measurements are discarded as inexact.
    private static let longestMeasurement = Duration.seconds(1)

    /// - Parameter local: this machine's clock.
    init(local: @escaping @Sendable () -> Timestamp = WallClock.now) { self.local = local }

    /// The time of this machine's clock.
    var localTime: Timestamp { local() }

    /// How far this machine's clock is ahead of the database's.
    var offset: Duration { .milliseconds(measured.load(ordering: .relaxed)) }

    /// Records a measurement: the database's time, requested at a local time and received now.
    func measure(_ database: Timestamp, askedAt start: Timestamp) {
        let time = local() - start
        guard time >= .zero, time <= Self.longestMeasurement else { return }
        measured.store((start + time / 2 - database).milliseconds, ordering: .relaxed)
    }

    private var correction: Duration { offset.magnitude < Self.resolution ? .zero : offset }

    /// Converts a local time to the database's clock.
    func database(_ time: Timestamp) -> Timestamp { time - correction }

    /// Converts a time of the database's clock to the local clock.
    func local(_ time: Timestamp) -> Timestamp { time + correction }
}
