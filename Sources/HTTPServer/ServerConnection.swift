import Cryptography
import EventLoop

/// One connection: moves bytes between its socket, TLS if there is any, and its ``ConnectionMachine``.
final class ServerConnection: TCPStreamHandler {
    private enum Stage {
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

    private let core: ServerCore
    private let stream: TCPStream
    private let tls: TLSServerSession?
    private var machine: ConnectionMachine
    private var stage = Stage.serving
    private var output = OutputQueue()
    /// The task that answers a request; it goes on when the client has gone.
    private var handling: Task<Void, Never>?
    /// The second in which something last moved.
    private var lastProgress: Int
    /// The second in which the request that is being read, or the TLS handshake, began.
    private var requestStart: Int?

    /// How long a client is given to close after its last answer.
    private static let lingerLimit = Duration.seconds(5)

    init(_ stream: TCPStream, tls: TLSServerSession?, core: ServerCore) {
        self.core = core
        self.stream = stream
        self.tls = tls
        machine = ConnectionMachine(limits: core.configuration.limits)
        lastProgress = core.seconds
        if tls != nil { requestStart = core.seconds }
    }

    func start() {
        stream.handler = self
        stream.startReading()
    }

    // MARK: State

    /// How many bytes of answers wait for the client: unencrypted, and handed to the socket.
    var unsentBytes: (queued: Int, pending: Int) { (output.count, stream.pendingBytes) }

    /// How many bytes wait to be read as requests.
    var bufferedBytes: Int { machine.bufferedBytes }

    /// Whether the next byte would be the first of a request.
    var isIdle: Bool { machine.isIdle }

    /// Whether the socket is gone.
    var isClosed: Bool { if case .closed = stage { true } else { false } }

    // MARK: Reading

    func streamDidRead(_ bytes: Span<UInt8>) {
        guard case .serving = stage else { return }
        lastProgress = core.seconds
        if let tls {
            decrypt(bytes, with: tls)
        } else {
            machine.receive(bytes)
        }
        advance()
    }

    private func decrypt(_ bytes: Span<UInt8>, with tls: TLSServerSession) {
        do throws(TLSError) {
            try tls.receive(bytes)
            while case let plaintext = try tls.takePlaintext(maximum: 65_536), !plaintext.isEmpty {
                machine.receive(plaintext.span)
            }
            if tls.peerHasClosed { machine.receiveEnd() }
        } catch {
            fail(error)
        }
        stream.write(tls.takeCiphertext())
    }

    func streamDidEnd() {
        guard case .serving = stage else { return stream.close() }
        machine.receiveEnd()
        advance()
    }

    // MARK: Answering

    /// Sends what there is to send, and does what the machine says, until it has to wait: for bytes, for an answer or
    /// for the client to take one.
    private func advance() {
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
        case .wait: return false
        case .dispatch(let request): dispatch(request)
        case .write(let bytes): output.append(bytes)
        case .refuse(let fault):
            core.report(.refused(fault, peer: stream.peer))
            output.append(machine.reject(fault, date: core.date))
        case .close(let lingers): stage = .ending(lingers: lingers)
        }
        return true
    }

    private func dispatch(_ request: ServerRequest) {
        var request = request
        request.peer = stream.peer
        let connection = LoopBound(self, loop: stream.loop)
        let handler = core.handler
        handling = Task(executorPreference: stream.loop) { [request] in
            let response = await handler(request)
            connection.value.respond(response)
        }
    }

    private func respond(_ response: ServerResponse) {
        handling = nil
        switch stage {
        case .serving:
            lastProgress = core.seconds
            requestStart = nil
            output.append(machine.respond(response, date: core.date))
            advance()
        case .ending, .lingering: break
        case .closed: core.remove(self)
        }
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
        if machine.isIdle, tls?.isHandshakeComplete ?? true {
            requestStart = nil
        } else {
            requestStart = requestStart ?? core.seconds
        }
    }

    // MARK: Ending

    private func fail(_ error: TLSError) {
        core.report(.tlsFailed(reason: error.description, peer: stream.peer))
        output = OutputQueue()
        stage = .ending(lingers: false)
    }

    /// Ends the connection, now that everything is sent.
    private func finish(lingers: Bool) {
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

    /// Ends the connection as soon as it has no request to answer.
    func drain() {
        machine.drain()
        advance()
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
        if handling == nil { core.remove(self) }
    }

    /// Closes the connection if it has taken too long; called once a second.
    func checkTime() {
        let timeouts = core.configuration.timeouts
        let sinceProgress = Duration.seconds(core.seconds - lastProgress)
        switch stage {
        case .closed: return
        case .lingering:
            if sinceProgress > Self.lingerLimit { stream.close() }
        case .serving, .ending:
            if stream.pendingBytes > 0 {
                if sinceProgress > timeouts.response { timeOut() }
            } else if machine.isResponding {
                return
            } else if let requestStart {
                if Duration.seconds(core.seconds - requestStart) > timeouts.request { timeOut() }
            } else if sinceProgress > timeouts.idle {
                finish(lingers: false)
            }
        }
    }

    private func timeOut() {
        core.report(.timedOut(peer: stream.peer))
        stream.close()
    }
}
