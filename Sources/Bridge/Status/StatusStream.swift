import HTTPServer
import HTTPTypes
import JSON
import ServiceLifecycle
import Synchronization

/// Looks at the status for all who view it, as long as somebody does.
final class StatusStream: Service {
    /// How many may view it at the same time.
    static let maximumSubscribers = 32
    /// The time between two looks.
    static let interval = Duration.seconds(2)

    private struct State {
        var subscribers: [Int: AsyncStream<StatusSnapshot>.Continuation] = [:]
        var lastID = 0
        /// The last look; nil while nobody views.
        var last: StatusSnapshot?
        var isEnded = false
    }

    private let report: @Sendable () async -> JSON
    private let pause: @Sendable () async throws -> Void
    private let state = Mutex(State())
    /// Yields when somebody begins to view.
    private let arrivals: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    /// - Parameters:
    ///   - pause: waits ``interval`` between two looks, and throws when the task is canceled.
    ///   - report: looks at the status.
    init(pause: @escaping @Sendable () async throws -> Void, report: @escaping @Sendable () async -> JSON) {
        self.pause = pause
        self.report = report
        arrivals = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Viewing

    /// Begins to view; nil if too many do. The view ends with the stream. A viewer that is slow gets the newest look only.
    func subscribe() -> AsyncStream<StatusSnapshot>? {
        let (snapshots, continuation) = AsyncStream.makeStream(
            of: StatusSnapshot.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state -> Int? in
            guard state.subscribers.count < Self.maximumSubscribers, !state.isEnded else { return nil }
            state.lastID += 1
            state.subscribers[state.lastID] = continuation
            if let last = state.last { continuation.yield(last) }
            return state.lastID
        }
        guard let id else { return nil }
        continuation.onTermination = { [weak self] _ in self?.unsubscribe(id) }
        arrivals.continuation.yield()
        return snapshots
    }

    private func unsubscribe(_ id: Int) {
        state.withLock { state in
            state.subscribers[id] = nil
            if state.subscribers.isEmpty { state.last = nil }
        }
    }

    /// The answer that tells a viewer the status, and then each change, until it leaves or the bridge stops.
    func respond(to request: ServerRequest) -> ServerResponse {
        let fields: HTTPFields = [.contentType: "text/event-stream", .xContentTypeOptions: "nosniff"]
        // Who asks for the head only takes no place.
        if request.head.method == .head { return ServerResponse(status: .ok, headerFields: fields) { _ in } }
        guard let snapshots = subscribe() else {
            var rejection = ServerResponse.rejection(
                .serviceUnavailable, code: "too_many_viewers",
                message:
                    "\(Self.maximumSubscribers) view the status already. Ask for /status.json now and then instead.")
            rejection.headerFields[.retryAfter] = "10"
            return rejection
        }
        return ServerResponse(status: .ok, headerFields: fields) { writer in
            var subscriber = StatusSubscriber()
            for await snapshot in snapshots {
                guard let events = subscriber.events(for: snapshot) else { continue }
                // Who has left is told nothing more; it is no failure.
                guard (try? await writer.write(Array(events.utf8))) != nil else { return }
            }
        }
    }

    // MARK: Looking

    func run() async {
        await cancelWhenGracefulShutdown { [self] in
            for await _ in arrivals.stream {
                while state.withLock({ !$0.subscribers.isEmpty }), await publishOnce() {}
            }
        }
        // Who comes now would wait for ever.
        let subscribers = state.withLock { state in
            defer { state.isEnded = true }
            return state.subscribers.values.map(\.self)
        }
        for subscriber in subscribers { subscriber.finish() }
    }

    /// Looks, tells the viewers, and waits until it is time to look again; returns whether it is.
    private func publishOnce() async -> Bool {
        let status = await report()
        state.withLock { state in
            let snapshot = Self.snapshot(of: status, after: state.last)
            state.last = state.subscribers.isEmpty ? nil : snapshot
            for subscriber in state.subscribers.values { subscriber.yield(snapshot) }
        }
        return (try? await pause()) != nil
    }

    /// A look that follows another one.
    static func snapshot(of status: JSON, after last: StatusSnapshot?) -> StatusSnapshot {
        guard let last else { return StatusSnapshot(number: 1, version: 1, status: status, change: nil) }
        let change = StatusDiff.between(last.status, status)
        return StatusSnapshot(
            number: last.number + 1, version: last.version + (change == nil ? 0 : 1), status: status, change: change)
    }
}
