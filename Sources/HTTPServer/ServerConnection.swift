import Cryptography
import EventLoop
import HTTPTypes

/// One connection: moves bytes between its socket, TLS if there is any, and its ``HTTP1ConnectionStateMachine``.
final class ServerConnection: TCPStreamHandler {
    enum Stage {
        /// Requests are read and answered.
        case serving
        /// What is left to send is sent, and nothing is read.
        case ending(lingers: Bool)
        /// Everything is sent. What still comes is dropped until the client closes, for a while: closing a socket that
        /// has unread bytes resets it, and the client may lose the answer.
        case lingering
        /// The socket is gone.
        case closed
    }

    let core: ServerLoop
    let stream: TCPStream
    let tls: TLSServerSession?
    /// The first bytes, while a PROXY header is awaited; nil afterwards.
    private(set) var proxyHeader: [UInt8]?
    /// The address that the connection comes from, by what the proxy says.
    private(set) var client: SocketAddress?
    var machine: HTTP1ConnectionStateMachine
    private(set) var stage = Stage.serving
    var output = OutputQueue()
    /// The task that answers a request. It goes on when the client has gone, unless it writes a stream.
    var handling: Task<Void, Never>?
    /// Shared with the requests of this connection.
    private let presence = ClientPresence()
    /// The answer whose content that task writes.
    var streamed: StreamingResponse?
    /// How many bytes the request has that is being answered.
    private var bodyInHandling = 0
    /// How many bytes of requests were counted.
    private var heldBytes = 0
    /// The second in which something last moved.
    var lastProgress: Int
    /// The second in which the request that is being read, or the handshake, began.
    var requestStart: Int?
    /// Whether no request has come whole yet.
    private(set) var isFresh = true

    init(_ stream: TCPStream, tls: TLSServerSession?, core: ServerLoop) {
        self.core = core
        self.stream = stream
        self.tls = tls
        client = stream.peer
        machine = HTTP1ConnectionStateMachine(limits: core.configuration.limits)
        lastProgress = core.seconds
        if core.configuration.proxyProtocol { proxyHeader = [] }
        if !isSecured { requestStart = core.seconds }
    }

    func start() {
        stream.handler = self
        if core.configuration.proxyProtocol, stream.peer.map(core.isTrusted) != true {
            return rejectProxyHeader("it comes from an address that is not one of the trusted proxies'")
        }
        // Who has said nothing yet waits, too.
        core.setIdle(true, self)
        stream.startReading()
    }

    // MARK: State

    /// How many bytes of answers wait for the client: unencrypted, and handed to the socket.
    var unsentBytes: (queued: Int, pending: Int) { (output.count, stream.pendingBytes) }

    /// How many bytes wait to be read as requests.
    var bufferedBytes: Int { machine.bufferedBytes }

    /// Whether the next byte would be the first of a request.
    var isIdle: Bool { machine.isIdle }

    /// Whether PROXY header and TLS handshake are done with, as far as there must be any.
    var isSecured: Bool { proxyHeader == nil && tls?.isHandshakeComplete ?? true }

    /// Whether the system has taken everything that there was to send.
    var hasSentAll: Bool { output.count == 0 && stream.pendingBytes == 0 }

    /// Whether the socket is gone.
    var isClosed: Bool { if case .closed = stage { true } else { false } }

    // MARK: Reading

    func streamDidRead(_ bytes: Span<UInt8>) {
        guard case .serving = stage else { return }
        lastProgress = core.seconds
        core.setIdle(false, self)
        if proxyHeader == nil { receive(bytes) } else { receiveProxyHeader(bytes) }
        advance()
    }

    private func receiveProxyHeader(_ bytes: Span<UInt8>) {
        guard var received = proxyHeader else { return }
        received.append(copying: bytes)
        proxyHeader = received
        do throws(ProxyHeader.Failure) {
            guard case .header(let length, let source) = try ProxyHeader.read(received) else { return }
            proxyHeader = nil
            if let source {
                client = source
                guard core.setClient(source, of: self) else { return stream.reset() }
            }
            requestStart = tls == nil ? nil : core.seconds
            received.removeFirst(length)
        } catch {
            return rejectProxyHeader(error.reason)
        }
        if !received.isEmpty { receive(received.span) }
    }

    private func rejectProxyHeader(_ reason: String) {
        core.report(.proxyHeaderRejected(reason: reason, peer: stream.peer))
        stream.reset()
    }

    private func receive(_ bytes: Span<UInt8>) {
        if let tls { decrypt(bytes, with: tls) } else { machine.receive(bytes) }
    }

    private func decrypt(_ bytes: Span<UInt8>, with tls: TLSServerSession) {
        let wasComplete = tls.isHandshakeComplete
        do throws(TLSError) {
            try tls.receive(bytes)
            // The time for a request begins when the handshake has ended.
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

    // MARK: Answering

    /// Sends what there is to send, and does what the machine says, until it has to wait: for bytes, for an answer or
    /// for the client to take one.
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

    /// Does the machine's next action; returns whether there may be another one.
    private func step() -> Bool {
        switch machine.next() {
        case .wait: return countHeldBytes() ? false : reject(.overloaded)
        case .dispatch(let request): dispatch(request)
        case .write(let bytes): output.append(bytes)
        case .reject(let fault): return reject(fault)
        case .close(let lingers):
            stage = .ending(lingers: lingers)
            cancelStream()
        }
        return true
    }

    /// Counts what this connection holds of requests; returns whether there is room for that. A request that is whole is
    /// answered in any case.
    private func countHeldBytes() -> Bool {
        let held = machine.heldBytes + bodyInHandling
        defer { heldBytes = held }
        return core.changeHeldBytes(from: heldBytes, to: held) || machine.isResponding || machine.isIdle
    }

    private func reject(_ fault: HTTPRequestError) -> Bool {
        let id = core.nextRequestID()
        core.report(.rejected(fault, id: id, peer: client))
        output.append(machine.reject(fault, core.answerFields(requestID: id)))
        return true
    }

    private func dispatch(_ request: ServerRequest) {
        let connection = LoopBound(self, loop: stream.loop)
        let handler = core.handler
        var request = request
        request.id = core.nextRequestID()
        request.presence = presence
        request.peer = client.map {
            ForwardedFor.client(peer: $0, fields: request.head.headerFields, trusted: core.configuration.trustedProxies)
        }
        isFresh = false
        bodyInHandling = request.body.count
        handling = Task(executorPreference: stream.loop) { [request] in
            let start = ContinuousClock.now
            // Of a connection that is closed, no request that has not begun is worth its work.
            let response = connection.value.isClosed ? ServerResponse.abandoned : await handler(request)
            if let stream = response.stream, let writer = connection.value.beginStream(response, to: request) {
                let isWhole = await writer.isWhole(stream)
                connection.value.endStream(response, to: request, isWhole: isWhole, after: ContinuousClock.now - start)
            } else {
                connection.value.respond(response, to: request, after: ContinuousClock.now - start)
            }
        }
    }

    private func respond(_ response: ServerResponse, to request: ServerRequest, after duration: Duration) {
        endHandling(response, to: request, sent: response.body.count, after: duration)
        switch stage {
        case .serving: send(response, to: request)
        case .ending, .lingering: break
        case .closed: core.remove(self)
        }
    }

    /// A handler has done its work.
    func endHandling(_ response: ServerResponse, to request: ServerRequest, sent: Int, after time: Duration) {
        handling = nil
        bodyInHandling = 0
        core.report(
            .answered(
                AccessLogEntry(
                    method: request.head.method, path: String(request.path), status: response.status,
                    received: request.body.count, sent: sent, duration: time, peer: request.peer, id: request.id,
                    tls: tls?.protocolVersion,
                    userAgent: request.head.headerFields[.userAgent].map {
                        $0.utf8.count <= 200 ? $0 : String(decoding: $0.utf8.prefix(200), as: UTF8.self)
                    }, details: response.details)))
    }

    /// Sends an answer, or of a stream what stands before its content.
    func send(_ response: ServerResponse, to request: ServerRequest) {
        lastProgress = core.seconds
        requestStart = nil
        output.append(machine.respond(response, core.answerFields(requestID: request.id)))
        advance()
    }

    /// Hands over what there is to send as long as the system takes it at once; returns whether all is gone.
    private func flush() -> Bool {
        while stream.pendingBytes == 0, let piece = output.next() { send(piece) }
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
        lastProgress = core.seconds
        // What the client sent while it took no answer was not read, and does not count against it.
        requestStart = nil
        advance()
        if hasSentAll { streamed?.resumeWriters() }
    }

    /// Reads while it is of use. While an answer waits for the client, nothing is read: so a client that takes no answers
    /// gets none, and the server's memory does not grow.
    private func adjustReading() {
        let reads =
            switch stage {
            case .serving: machine.wantsBytes && stream.pendingBytes == 0
            case .lingering: true
            case .ending, .closed: false
            }
        if reads { stream.startReading() } else { stream.stopReading() }
        let isIdle = machine.isIdle && isSecured
        requestStart = isIdle ? nil : requestStart ?? core.seconds
        core.setIdle(isIdle && reads, self)
    }

    // MARK: Ending

    private func fail(_ error: TLSError) {
        core.report(.tlsFailed(reason: error.description, peer: client))
        output = OutputQueue()
        stage = .ending(lingers: false)
    }

    /// Ends the connection, now that everything is sent.
    private func finish(lingers: Bool) {
        core.setIdle(false, self)
        if let tls {
            tls.close()
            stream.write(tls.takeCiphertext())
        }
        guard lingers else { return stream.close() }
        stage = .lingering
        lastProgress = core.seconds
        stream.finishWriting()
        stream.startReading()
    }

    /// Ends the idle connection because another one needs its place, or because it was idle for too long.
    func evict() { finish(lingers: false) }

    /// Ends the connection after its next answer, and a stream at once.
    func drain() {
        machine.drain()
        cancelStream()
    }

    /// Ends the connection as soon as it is idle.
    func endWhenIdle() {
        machine.endWhenIdle()
        if proxyHeader == nil { advance() } else { stream.close() }
    }

    /// Closes the connection at once, and cancels what answers its request.
    ///
    /// - Returns: whether that took anything from the client.
    func abort() -> Bool {
        handling?.cancel()
        defer { stream.close() }
        switch stage {
        case .serving, .ending: return true
        case .lingering, .closed: return false
        }
    }

    func streamDidClose(_ error: EventLoopError?) {
        stage = .closed
        output = OutputQueue()
        _ = core.changeHeldBytes(from: heldBytes, to: 0)
        heldBytes = 0
        core.setIdle(false, self)
        cancelStream()
        presence.leave()
        if handling == nil { core.remove(self) }
    }
}
