import AWSClient
import AWSCore
import Encoding
import JSON
import SecurityFindings
import Synchronization

/// The attributes of the things of one account and Region: looked up in AWS IoT, within its rate limits, and cached.
///
/// Findings never wait long for them: a lookup that fails or takes too long is left out, counted, and repeated later.
final class ThingDirectory: Sendable {
    private struct Cached {
        /// Nil if the lookup failed.
        let attributes: ThingAttributes?
        let until: Duration
    }

    private let client: AWSClient
    private let region: Region
    private let clock: AWSClock
    private let metrics: ProcessingMetrics
    private let patience: Duration
    private let cache = Mutex<[String: Cached]>([:])
    private let lookups: SingleFlight<String, ThingAttributes?>

    /// How long attributes are used, and how long a failed lookup is not repeated.
    static let (lifetime, pause) = (Duration.seconds(3600), Duration.seconds(300))
    /// The maximum number of cached things.
    static let capacity = 10_000
    /// The maximum number of lookups that run concurrently.
    static let concurrency = 50

    /// Creates a directory.
    ///
    /// - Parameter patience: how long findings wait for lookups.
    init(
        client: AWSClient, region: Region, clock: AWSClock, metrics: ProcessingMetrics,
        patience: Duration = .seconds(2)
    ) {
        self.client = client
        self.region = region
        self.clock = clock
        self.metrics = metrics
        self.patience = patience
        lookups = SingleFlight(executor: clock.executor)
    }

    /// The attributes of things, by name, as far as they are known in time.
    func attributes(of names: Set<String>) async -> [String: ThingAttributes] {
        let missing = names.filter { cached($0) == nil }.sorted()
        await wait(for: missing.map(look))
        var found: [String: ThingAttributes] = [:]
        for name in names {
            if let attributes = cached(name)?.attributes {
                found[name] = attributes
            } else {
                metrics.countThing(.unknown)
            }
        }
        return found
    }

    private func cached(_ name: String) -> Cached? {
        cache.withLock { $0[name] }.flatMap { $0.until > clock.elapsed() ? $0 : nil }
    }

    private func look(_ name: String) -> SingleFlight<String, ThingAttributes?>.Flight {
        lookups.start(name, unless: { $0 < Self.concurrency ? nil : .some(nil) }) { await self.fetch(name) }
    }

    /// Waits for lookups, which continue when the time is over.
    private func wait(for flights: [SingleFlight<String, ThingAttributes?>.Flight]) async {
        guard !flights.isEmpty else { return }
        let (ends, continuation) = AsyncStream.makeStream(of: Never.self)
        let waiting = Task(executorPreference: clock.executor) {
            for flight in flights { _ = await flight.value }
            continuation.finish()
        }
        let timeout = Task(executorPreference: clock.executor) { [clock, patience] in
            try? await clock.sleep(patience)
            continuation.finish()
        }
        for await _ in ends {}
        timeout.cancel()
        waiting.cancel()
    }

    private func fetch(_ name: String) async -> ThingAttributes? {
        var cached = Cached(attributes: nil, until: clock.elapsed() + Self.pause)
        do throws(AWSError) {
            let attributes = try await client.thingAttributes(of: name, region: region)
            cached = Cached(attributes: attributes, until: clock.elapsed() + Self.lifetime)
            metrics.countThing(.found)
        } catch {
            // A device without a thing is reported by its client ID.
            if [.notFound, .invalid].contains(error.kind) {
                cached = Cached(attributes: [:], until: clock.elapsed() + Self.lifetime)
                metrics.countThing(.notFound)
            } else {
                metrics.countThing(.failed)
            }
        }
        let now = clock.elapsed()
        cache.withLock { cache in
            if cache.count >= Self.capacity { cache = cache.filter { $0.value.until > now } }
            if cache.count >= Self.capacity { cache.removeAll() }
            cache[name] = cached
        }
        return cached.attributes
    }
}
