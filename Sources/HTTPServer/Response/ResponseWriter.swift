import EventLoop

/// Writes the content of a streaming response, as fast as the client reads it.
public struct ResponseWriter: Sendable {
    private let response: LoopBound<StreamingResponse>

    init(_ response: LoopBound<StreamingResponse>) { self.response = response }

    /// Writes a chunk and waits until the system has accepted it (backpressure). A client that reads nothing for
    /// ``HTTPTimeouts/response`` is disconnected.
    ///
    /// - Throws: `CancellationError` if the client has disconnected, the server is drained or the task is canceled.
    public func write(_ content: [UInt8]) async throws(CancellationError) {
        guard !Task.isCancelled else { throw CancellationError() }
        let waiting = try await response.loop.run { () throws(CancellationError) in try response.value.write(content) }
        if let waiting {
            for await _ in waiting {}
            // The wait also ends when the stream does; the next call throws then.
            guard !Task.isCancelled else { throw CancellationError() }
        }
    }

    /// Writes the content; returns whether it is complete.
    func isComplete(_ stream: ServerResponse.Stream) async -> Bool {
        do {
            try await stream(self)
            return true
        } catch {
            return false
        }
    }
}

/// What a streaming response is written to.
protocol ResponseOutput: AnyObject {
    /// Whether the system has accepted everything that was written.
    var hasSentAll: Bool { get }

    /// Writes a chunk of content.
    func write(_ content: [UInt8])
}

/// The state of a streaming response. Used on its connection's loop only.
final class StreamingResponse {
    /// The length of the content that was written, in bytes.
    private(set) var sent = 0
    private let connection: any ResponseOutput
    private var isOver = false
    /// Continuations of writers that wait for the system to accept their chunk.
    private var waiting: [AsyncStream<Void>.Continuation] = []

    init(connection: any ResponseOutput) { self.connection = connection }

    /// Writes a chunk.
    ///
    /// - Returns: a sequence that ends when the system has accepted the chunk; nil if it has already.
    func write(_ content: [UInt8]) throws(CancellationError) -> AsyncStream<Void>? {
        guard !isOver else { throw CancellationError() }
        sent += content.count
        connection.write(content)
        guard !isOver else { throw CancellationError() }
        guard !connection.hasSentAll else { return nil }
        let (accepted, continuation) = AsyncStream.makeStream(of: Void.self)
        waiting.append(continuation)
        return accepted
    }

    /// Resumes the waiting writers: the system has accepted everything.
    func resumeWriters() {
        for continuation in waiting { continuation.finish() }
        waiting = []
    }

    /// Ends the response: further writes throw.
    func end() {
        isOver = true
        resumeWriters()
    }
}
