package import Encoding
import Synchronization

/// When mapped sources last delivered items to this process.
package final class SourceArrivals: Sendable {
    private let startedAt: Timestamp
    private let times = Mutex<[String: Timestamp]>([:])

    /// Creates arrivals of no source.
    ///
    /// - Parameter startedAt: the start of the process.
    package init(startedAt: Timestamp) { self.startedAt = startedAt }

    /// Records items of sources. Their names are configured, so that their number is bounded.
    func record(_ sources: Set<String>, at time: Timestamp) {
        times.withLock { times in
            for source in sources { times[source] = time }
        }
    }

    /// When a source last delivered; the start of the process if it has not since.
    package func last(of source: String) -> Timestamp { times.withLock { $0[source] } ?? startedAt }
}
