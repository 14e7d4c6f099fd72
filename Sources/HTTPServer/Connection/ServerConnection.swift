import Cryptography
import EventLoop
import HTTPTypes

/// One connection: moves bytes between its socket, TLS (if enabled) and its ``HTTP1ConnectionStateMachine``.
final class ServerConnection: TCPStreamHandler {
    enum Stage {
        /// Requests are read and handled.
        case serving
        /// Remaining bytes are sent, and nothing is read.
        case ending(lingers: Bool)
        /// Everything is sent. Received bytes are dropped until the client closes or a time limit passes: closing a socket with
        /// unread bytes resets it, and the client could lose the response.
        case lingering
        /// The socket is closed.
        case closed
    }

    let serverLoop: ServerLoop
    let stream: TCPStream
    let tls: TLSServerSession?
    /// The first bytes, while a PROXY header is incomplete; nil afterwards.
    private(set) var proxyHeader: [UInt8]?
    /// The client's address: the peer's, or the one in the PROXY header.
    private(set) var client: SocketAddress?
    var machine: HTTP1ConnectionStateMachine
    private(set) var stage = Stage.serving
    var output = OutputQueue()
    /// The task that runs the handler. It continues after the client has disconnected, unless it writes a stream.
    var handlerTask: Task<Void, Never>?
    /// Shared with the requests of this connection.
    private let presence = ClientPresence()
    /// The streaming response that the task writes.
    var streamingResponse: StreamingResponse?
    /// The length of the body of the request in progress, in bytes.
    private var handledBodyBytes = 0
    /// The bytes of requests that were last added to the loop's total.
    private var heldBytes = 0
    /// The second in which bytes were last read or written.
    var lastProgress: Int
    /// The second in which the incomplete request, or the handshake, began.
    var requestStart: Int?
    /// Whether no request has been completed yet.
    private(set) var isFresh = true

    init(_ stream: TCPStream, tls: TLSServerSession?, serverLoop: ServerLoop) {
        self.serverLoop = serverLoop
        self.stream = stream
        self.tls = tls
        client = stream.peer
        machine = HTTP1ConnectionStateMachine(
            limits: serverLoop.configuration.limits, wantsBody: serverLoop.configuration.wantsBody)
        lastProgress = serverLoop.seconds
        if serverLoop.configuration.proxyProtocol { proxyHeader = [] }
        if !isSecured { requestStart = serverLoop.seconds }
    }

    func start() {
        stream.handler = self
        if serverLoop.configuration.proxyProtocol, stream.peer.map(serverLoop.isTrusted) != true {
            return rejectProxyHeader("its address is not a trusted proxy's")
        }
        // A connection that has not sent anything is idle, too.
        serverLoop.setIdle(true, self)
        stream.startReading()
    }

    // MARK: State

    /// The bytes of responses that wait for the client: queued unencrypted, and pending in the socket.
    var unsentBytes: (queued: Int, pending: Int) { (output.count, stream.pendingBytes) }

    /// The number of bytes that are buffered and not parsed.
    var bufferedBytes: Int { machine.bufferedBytes }

    /// Whether the connection waits for the first byte of a request.
    var isIdle: Bool { machine.isIdle }

    /// Whether the PROXY header and the TLS handshake are complete, if they are required.
    var isSecured: Bool { proxyHeader == nil && tls?.isHandshakeComplete ?? true }

    /// Whether the system has accepted all bytes.
    var hasSentAll: Bool { output.count == 0 && stream.pendingBytes == 0 }

    /// Whether the socket is gone.
    var isClosed: Bool { if case .closed = stage { true } else { false } }

    // MARK: Reading

    func streamDidRead(_ bytes: Span<UInt8>) {
        guard case .serving = stage else { return }
        lastProgress = serverLoop.seconds
        serverLoop.setIdle(false, self)
        if proxyHeader == nil { receive(bytes) } else { receiveProxyHeader(bytes) }
        advance()
    }

    private func receiveProxyHeader(_ bytes: Span<UInt8>) {
        guard var received = proxyHeader else { return }
        received.append(copying: bytes)
        proxyHeader = received
        do throws(ProxyHeaderError) {
            guard case .header(let length, let source) = try ProxyHeader.read(received) else { return }
            proxyHeader = nil
            if let source {
                client = source
                guard serverLoop.setClient(source, of: self) else { return stream.reset() }
            }
            requestStart = tls == nil ? nil : serverLoop.seconds
            received.removeFirst(length)
        } catch {
            return rejectProxyHeader(error.reason)
        }
        if !received.isEmpty { receive(received.span) }
    }

    private func rejectProxyHeader(_ reason: String) {
        serverLoop.report(.proxyHeaderRejected(reason: reason, peer: stream.peer))
        stream.reset()
    }

    private func receive(_ bytes: Span<UInt8>) {
        if let tls { decrypt(bytes, with: tls) } else { machine.receive(bytes) }
    }

    private func decrypt(_ bytes: Span<UInt8>, with tls: TLSServerSession) {
        let wasComplete = tls.isHandshakeComplete
        do throws(TLSError) {
            try tls.receive(bytes)
            // The time limit of a request begins after the handshake.
            if !wasComplete, tls.isHandshakeComplete { requestStart = nil }
            while case let plaintext = try tls.takePlaintext(maximum: 65_536), !plaintext.isEmpty {
                machine.receive(plaintext.span)
            }
            if tls.peerHasClosed {
                machine.receiveEnd()
                presence.leave()
            }
        } catch {
            fail(error)
        }
        stream.write(tls.takeCiphertext())
    }

    func streamDidEnd() {
        guard case .serving = stage, proxyHeader == nil else { return stream.close() }
        machine.receiveEnd()
        presence.leave()
        advance()
    }

    // MARK: Responding

    /// Sends pending bytes and performs the state machine's actions, until it must wait: for bytes, for a response, or for the
    /// client to read one.
    func advance() {
        while flush() {
            switch stage {
            case .serving: if !step() { return adjustReading() }
            case .ending(let lingers): return finish(lingers: lingers)
            case .lingering, .closed: return
            }
        }
        adjustReading()
    }

    /// Performs the state machine's next action; returns whether another may follow.
    private func step() -> Bool {
        switch machine.next() {
        case .wait: return countHeldBytes() ? false : reject(.overloaded)
        case .dispatch(let request): dispatch(request)
        case .write(let bytes): output.append(bytes)
        case .reject(let error): return reject(error)
        case .close(let lingers):
            stage = .ending(lingers: lingers)
            cancelStream()
        }
        return true
    }

    /// Updates the loop's total of held bytes; returns whether it is within the limit. A complete request is handled in any
    /// case.
    private func countHeldBytes() -> Bool {
        let held = machine.heldBytes + handledBodyBytes
        defer { heldBytes = held }
        return serverLoop.changeHeldBytes(from: heldBytes, to: held) || machine.isResponding || machine.isIdle
    }

    private func reject(_ error: HTTPRequestError) -> Bool {
        let id = serverLoop.nextRequestID()
        serverLoop.report(.rejected(error, id: id, peer: client))
        output.append(machine.reject(error, serverLoop.defaultResponseFields(requestID: id)))
        return true
    }

    private func dispatch(_ request: ServerRequest) {
        let connection = LoopBound(self, loop: stream.loop)
        let handler = serverLoop.handler
        var request = request
        request.id = serverLoop.nextRequestID()
        request.presence = presence
        request.peer = client.map {
            ForwardedFor.client(
                peer: $0, fields: request.head.headerFields, trusted: serverLoop.configuration.trustedProxies)
        }
        isFresh = false
        handledBodyBytes = request.body.count
        handlerTask = Task(executorPreference: stream.loop) { [request] in
            let start = ContinuousClock.now
            // A request whose connection was closed before its handler started is not worth the work.
            let response = connection.value.isClosed ? ServerResponse.abandoned : await handler(request)
            if let stream = response.stream, let writer = connection.value.beginStream(response, to: request) {
                let isComplete = await writer.isComplete(stream)
                connection.value.endStream(
                    response, to: request, isComplete: isComplete, after: ContinuousClock.now - start)
            } else {
                connection.value.respond(response, to: request, after: ContinuousClock.now - start)
            }
        }
    }

    private func respond(_ response: ServerResponse, to request: ServerRequest, after duration: Duration) {
        finishHandling(response, to: request, sent: response.body.count, after: duration)
        switch stage {
        case .serving: send(response, to: request)
        case .ending, .lingering: break
        case .closed: serverLoop.remove(self)
        }
    }

    /// Reports that a handler has completed.
    func finishHandling(_ response: ServerResponse, to request: ServerRequest, sent: Int, after time: Duration) {
        handlerTask = nil
        handledBodyBytes = 0
        serverLoop.report(
            .completed(
                AccessLogEntry(
                    method: request.head.method, path: String(request.path), status: response.status,
                    received: request.body.count, sent: sent, duration: time, peer: request.peer, id: request.id,
                    tls: tls?.protocolVersion,
                    userAgent: request.head.headerFields[.userAgent].map {
                        $0.utf8.count <= 200 ? $0 : String(decoding: $0.utf8.prefix(200), as: UTF8.self)
                    })))
    }

    /// Sends a response, or the head of a streaming response.
    func send(_ response: ServerResponse, to request: ServerRequest) {
        lastProgress = serverLoop.seconds
        requestStart = nil
        output.append(machine.respond(response, serverLoop.defaultResponseFields(requestID: request.id)))
        advance()
    }

    /// Writes pending bytes while the system accepts them immediately; returns whether all were written.
    private func flush() -> Bool {
        while stream.pendingBytes == 0, let chunk = output.next() { send(chunk) }
        return stream.pendingBytes == 0
    }

    private func send(_ bytes: [UInt8]) {
        guard let tls else { return stream.write(bytes) }
        do throws(TLSError) {
            try tls.send(bytes)
        } catch {
            fail(error)
        }
        stream.write(tls.takeCiphertext())
    }

    func streamDidDrain() {
        lastProgress = serverLoop.seconds
        // While the client did not read the response, its bytes were not read; that time does not count against it.
        requestStart = nil
        advance()
        if hasSentAll { streamingResponse?.resumeWriters() }
    }

    /// Starts or stops reading. Nothing is read while a response is pending, so that a client that does not read responses cannot
    /// make the server's memory grow.
    private func adjustReading() {
        let reads =
            switch stage {
            case .serving: machine.wantsBytes && stream.pendingBytes == 0
            case .lingering: true
            case .ending, .closed: false
            }
        if reads { stream.startReading() } else { stream.stopReading() }
        let isIdle = machine.isIdle && isSecured
        requestStart = isIdle ? nil : requestStart ?? serverLoop.seconds
        serverLoop.setIdle(isIdle && reads, self)
    }

    // MARK: Ending

    private func fail(_ error: TLSError) {
        serverLoop.report(.tlsFailed(reason: error.description, peer: client))
        output = OutputQueue()
        stage = .ending(lingers: false)
    }

    /// Closes the connection after everything was sent.
    private func finish(lingers: Bool) {
        serverLoop.setIdle(false, self)
        if let tls {
            tls.close()
            stream.write(tls.takeCiphertext())
        }
        guard lingers else { return stream.close() }
        stage = .lingering
        lastProgress = serverLoop.seconds
        stream.finishWriting()
        stream.startReading()
    }

    /// Closes the idle connection, because of a connection limit or a time limit.
    func evict() { finish(lingers: false) }

    /// Closes the connection after its next response, and cancels a stream immediately.
    func drain() {
        machine.drain()
        cancelStream()
    }

    /// Closes the connection as soon as it is idle.
    func endWhenIdle() {
        machine.endWhenIdle()
        if proxyHeader == nil { advance() } else { stream.close() }
    }

    /// Closes the connection immediately and cancels its handler.
    ///
    /// - Returns: whether the client loses a request or response.
    func abort() -> Bool {
        handlerTask?.cancel()
        defer { stream.close() }
        switch stage {
        case .serving, .ending: return true
        case .lingering, .closed: return false
        }
    }

    func streamDidClose(_ error: EventLoopError?) {
        stage = .closed
        output = OutputQueue()
        _ = serverLoop.changeHeldBytes(from: heldBytes, to: 0)
        heldBytes = 0
        serverLoop.setIdle(false, self)
        cancelStream()
        presence.leave()
        if handlerTask == nil { serverLoop.remove(self) }
    }
}
