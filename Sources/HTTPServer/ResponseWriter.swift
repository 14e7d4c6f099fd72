import EventLoop

/// Writes an answer's content piece by piece, as fast as the client takes it.
public struct ResponseWriter: Sendable {
    private let answer: LoopBound<StreamingResponse>

    init(_ answer: LoopBound<StreamingResponse>) { self.answer = answer }

    /// Writes a piece, and waits until the system has taken it: so that no more than one piece waits for a client that is
    /// slow. A client that takes nothing for as long as ``HTTPTimeouts/response`` is cut off.
    ///
    /// - Throws: `CancellationError` if the client has left, the server is drained or the task is canceled.
    public func write(_ content: [UInt8]) async throws(CancellationError) {
        guard !Task.isCancelled else { throw CancellationError() }
        let waiting = try await answer.loop.run { () throws(CancellationError) in try answer.value.write(content) }
        if let waiting {
            for await _ in waiting {}
            // The wait ends in any case; another call tells why.
            guard !Task.isCancelled else { throw CancellationError() }
        }
    }

    /// Has the content written; returns whether it is whole.
    func isWhole(_ stream: ServerResponse.Stream) async -> Bool {
        do {
            try await stream(self)
            return true
        } catch {
            return false
        }
    }
}

/// An answer whose content is written piece by piece; on its connection's loop only.
final class StreamingResponse {
    /// The bytes of content that were written.
    private(set) var sent = 0
    private let connection: ServerConnection
    private var isOver = false
    /// Those who wait until the client has taken what they wrote.
    private var waiting: [AsyncStream<Void>.Continuation] = []

    init(connection: ServerConnection) { self.connection = connection }

    /// Writes a piece.
    ///
    /// - Returns: what ends when the system has taken it; nil if it has already.
    func write(_ content: [UInt8]) throws(CancellationError) -> AsyncStream<Void>? {
        guard !isOver else { throw CancellationError() }
        sent += content.count
        connection.write(content)
        guard !isOver else { throw CancellationError() }
        guard !connection.hasSentAll else { return nil }
        let (taken, continuation) = AsyncStream.makeStream(of: Void.self)
        waiting.append(continuation)
        return taken
    }

    /// The system has taken everything.
    func resumeWriters() {
        for continuation in waiting { continuation.finish() }
        waiting = []
    }

    /// Nothing more can be written.
    func end() {
        isOver = true
        resumeWriters()
    }
}
