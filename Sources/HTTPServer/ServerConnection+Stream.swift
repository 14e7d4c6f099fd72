import EventLoop

extension ServerConnection {
    /// Begins an answer whose content is written piece by piece; returns what writes it, or nil if none is to be.
    func beginStream(_ response: ServerResponse, to request: ServerRequest) -> ResponseWriter? {
        guard case .serving = stage, machine.willStream(response) else { return nil }
        let answer = StreamingResponse(connection: self)
        streamed = answer
        send(response, to: request)
        if core.isDraining { cancelStream() }
        return ResponseWriter(LoopBound(answer, loop: stream.loop))
    }

    /// Sends a piece of a stream's content.
    func write(_ content: [UInt8]) {
        // The client's time begins when there is something to take.
        if hasSentAll { lastProgress = core.seconds }
        output.append(machine.piece(content))
        advance()
    }

    func endStream(
        _ response: ServerResponse, to request: ServerRequest, isWhole: Bool, after duration: Duration
    ) {
        endHandling(response, to: request, sent: streamed?.sent ?? 0, after: duration)
        streamed?.end()
        streamed = nil
        switch stage {
        case .serving where isWhole:
            lastProgress = core.seconds
            requestStart = nil
            output.append(machine.finishStream())
            advance()
        // Neither the last chunk nor an orderly end: so the client knows that there is something missing.
        case .serving: stream.reset()
        case .ending, .lingering: break
        case .closed: core.remove(self)
        }
    }

    /// Tells what writes a stream, if there is one, that nobody waits for it any more.
    func cancelStream() {
        guard let streamed else { return }
        streamed.end()
        handling?.cancel()
    }
}
