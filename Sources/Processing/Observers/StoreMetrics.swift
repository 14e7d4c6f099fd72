package import CoreMetrics
import Metrics
package import Store
import Synchronization

/// Metrics of transactions and connections of the store.
package final class StoreMetrics: Sendable {
    private let commits: Counter
    private let writes: Recorder
    private let duration: Metrics.Timer
    private let factory: any MetricsFactory
    private let connections = Mutex<[StoreEvent.Pool: Int]>([:])

    /// Registers the metrics.
    package init(_ factory: any MetricsFactory) {
        commits = Counter(label: "defender_bridge_store_commits_total", dimensions: [], factory: factory)
        writes = Recorder(
            label: "defender_bridge_store_commit_writes", dimensions: [], aggregate: true, factory: factory)
        duration = Metrics.Timer(
            label: "defender_bridge_store_commit_duration_seconds", dimensions: [], factory: factory)
        self.factory = factory
    }

    /// Records an event of the store.
    package func record(_ event: StoreEvent) {
        switch event {
        case .committed(let writes, let duration):
            commits.increment()
            self.writes.record(writes)
            self.duration.record(duration: duration)
        case .connected(let pool): change(pool, by: 1)
        case .disconnected(let pool): change(pool, by: -1)
        case .connectionFailed(let pool):
            Counter(
                label: "defender_bridge_postgresql_connection_failures_total", dimensions: [("pool", pool.rawValue)],
                factory: factory
            ).increment()
        // Logged only.
        case .migrated: break
        }
    }

    private func change(_ pool: StoreEvent.Pool, by difference: Int) {
        // Recorded under the lock, so that an older value never overwrites a newer one.
        connections.withLock { connections in
            let count = connections[pool, default: 0] + difference
            connections[pool] = count
            Gauge(
                label: "defender_bridge_postgresql_connections", dimensions: [("pool", pool.rawValue)],
                factory: factory
            ).record(count)
        }
    }
}
