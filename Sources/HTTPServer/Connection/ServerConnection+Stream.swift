import EventLoop

extension ServerConnection: ResponseOutput {
    /// Begins a streaming response; returns its writer, or nil if the content must not be sent.
    func beginStream(_ response: ServerResponse, to request: ServerRequest) -> ResponseWriter? {
        guard case .serving = stage, machine.willStream(response) else { return nil }
        let stream = StreamingResponse(connection: self)
        streamingResponse = stream
        send(response, to: request)
        if serverLoop.isDraining { cancelStream() }
        return ResponseWriter(LoopBound(stream, loop: self.stream.loop))
    }

    /// Sends a chunk of a streaming response.
    func write(_ content: [UInt8]) {
        // The client's time limit begins when there is something to read.
        if hasSentAll { lastProgress = serverLoop.seconds }
        output.append(machine.chunk(content))
        advance()
    }

    func endStream(
        _ response: ServerResponse, to request: ServerRequest, isComplete: Bool, after duration: Duration
    ) {
        finishHandling(response, to: request, sent: streamingResponse?.sent ?? 0, after: duration)
        streamingResponse?.end()
        streamingResponse = nil
        switch stage {
        case .serving where isComplete:
            lastProgress = serverLoop.seconds
            requestStart = nil
            output.append(machine.finishStream())
            advance()
        // Without the last chunk and an orderly close, the client notices that the content is incomplete.
        case .serving: stream.reset()
        case .ending, .lingering: break
        case .closed: serverLoop.remove(self)
        }
    }

    /// Cancels the streaming response, if there is one: its client no longer reads it.
    func cancelStream() {
        guard let streamingResponse else { return }
        streamingResponse.end()
        handlerTask?.cancel()
    }
}
