import ErrorCodes
package import HTTPServer
import HTTPTypes
package import JSON
import ServiceLifecycle
import Synchronization

/// Streams the status to subscribers as server-sent events. The status is read once for all of them, and only while there are any.
package final class StatusStream: Service {
    /// Most concurrent subscribers.
    static let maximumSubscribers = 32
    /// Time between two snapshots.
    package static let interval = Duration.seconds(2)

    private struct State {
        var subscribers: [Int: AsyncStream<StatusSnapshot>.Continuation] = [:]
        var lastID = 0
        /// The last snapshot; nil without subscribers.
        var last: StatusSnapshot?
        var isEnded = false
    }

    private let report: @Sendable () async -> JSON
    private let pause: @Sendable () async throws -> Void
    private let state = Mutex(State())
    /// Yields for each new subscriber.
    private let arrivals: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    /// - Parameters:
    ///   - pause: waits ``interval`` between two snapshots; throws when the task is canceled.
    ///   - report: returns the current status.
    package init(pause: @escaping @Sendable () async throws -> Void, report: @escaping @Sendable () async -> JSON) {
        self.pause = pause
        self.report = report
        arrivals = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Subscribing

    /// Subscribes; nil if there are too many subscribers. Dropping the stream unsubscribes. A slow subscriber gets the newest snapshot only.
    package func subscribe() -> AsyncStream<StatusSnapshot>? {
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

    /// A streaming response with the status and then each change, until the client disconnects or the bridge stops.
    package func respond(to request: ServerRequest) -> ServerResponse {
        let fields: HTTPFields = [.contentType: "text/event-stream", .xContentTypeOptions: "nosniff"]
        // HEAD does not count as a subscriber.
        if request.head.method == .head { return ServerResponse(status: .ok, headerFields: fields) { _ in } }
        guard let snapshots = subscribe() else {
            var rejection = ServerResponse.rejection(
                .serviceUnavailable, code: .tooManyViewers,
                message:
                    "\(Self.maximumSubscribers) clients are connected already. Poll /status.json instead.")
            rejection.headerFields[.retryAfter] = "10"
            return rejection
        }
        return ServerResponse(status: .ok, headerFields: fields) { writer in
            var subscriber = StatusSubscriber()
            for await snapshot in snapshots {
                guard let events = subscriber.events(for: snapshot) else { continue }
                // A client that disconnected is not an error.
                guard (try? await writer.write(Array(events.utf8))) != nil else { return }
            }
        }
    }

    // MARK: Publishing

    /// Publishes status to the subscribers until the shutdown, which ends their streams.
    package func run() async {
        await cancelWhenGracefulShutdown { [self] in
            for await _ in arrivals.stream {
                while state.withLock({ !$0.subscribers.isEmpty }), await publishOnce() {}
            }
        }
        // A new subscriber would wait forever.
        let subscribers = state.withLock { state in
            defer { state.isEnded = true }
            return state.subscribers.values.map(\.self)
        }
        for subscriber in subscribers { subscriber.finish() }
    }

    /// Publishes a snapshot and waits for the interval; returns false if the task was canceled.
    private func publishOnce() async -> Bool {
        let status = await report()
        state.withLock { state in
            let snapshot = Self.snapshot(of: status, after: state.last)
            state.last = state.subscribers.isEmpty ? nil : snapshot
            for subscriber in state.subscribers.values { subscriber.yield(snapshot) }
        }
        return (try? await pause()) != nil
    }

    /// The snapshot of a status, numbered after the last one.
    static func snapshot(of status: JSON, after last: StatusSnapshot?) -> StatusSnapshot {
        guard let last else { return StatusSnapshot(number: 1, version: 1, status: status, change: nil) }
        let change = StatusDiff.between(last.status, status)
        return StatusSnapshot(
            number: last.number + 1, version: last.version + (change == nil ? 0 : 1), status: status, change: change)
    }
}
