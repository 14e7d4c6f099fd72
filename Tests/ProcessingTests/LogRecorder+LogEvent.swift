@testable import Telemetry

// In a file without `import Logging`, whose `LogEvent` is another type.
extension LogRecorder {
    /// The number of lines about an event.
    func count(_ event: LogEvent) -> Int { count(event.message) }

    /// Waits until so many lines about an event were logged.
    func wait(for event: LogEvent, count: Int) async { await wait(for: event.message, count: count) }
}
