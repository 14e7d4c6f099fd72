import Cryptography
import EventLoop

/// One connection: moves bytes between its socket, TLS if there is any, and its ``ConnectionMachine``.
final class ServerConnection: TCPStreamHandler {
    private let core: ServerCore
    private let stream: TCPStream
    private let tls: TLSServerSession?
    private var machine: ConnectionMachine
    /// Set while the last bytes are on their way: then the connection is closed.
    private var isEnding = false
    /// Set after a fault: what still comes is read and dropped for a while, because closing a socket with unread bytes
    /// resets it, and the client may lose the answer.
    private var discards = false
    private var discarded = 0
    /// The second in which something last moved.
    private var lastProgress: Int
    private var requestStart: Int?
    /// How much of an answer may wait for the peer before the next request is handled.
    private static let maximumPending = 65_536
    private static let maximumDiscarded = 1_048_576

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

    // MARK: Reading

    func streamDidRead(_ bytes: Span<UInt8>) {
        if discards {
            discarded += bytes.count
            if discarded > Self.maximumDiscarded { stream.close() }
            return
        }
        lastProgress = core.seconds
        if let tls {
            guard decrypt(bytes, with: tls) else { return }
        } else {
            machine.receive(bytes)
        }
        advance()
    }

    /// Returns whether the connection goes on.
    private func decrypt(_ bytes: Span<UInt8>, with tls: TLSServerSession) -> Bool {
        do throws(TLSError) {
            try tls.receive(bytes)
            while case let plaintext = try tls.takePlaintext(maximum: 65_536), !plaintext.isEmpty {
                machine.receive(plaintext.span)
            }
        } catch {
            stream.write(tls.takeCiphertext())
            core.report(.tlsFailed(reason: error.description, peer: stream.peer))
            end()
            return false
        }
        stream.write(tls.takeCiphertext())
        if tls.peerHasClosed { machine.receiveEnd() }
        return true
    }

    func streamDidEnd() {
        if discards { return stream.close() }
        machine.receiveEnd()
        advance()
    }

    // MARK: Answering

    /// Does what the machine says until it has to wait, for bytes, for an answer or for the peer to take one.
    private func advance() {
        while !isEnding, stream.pendingBytes < Self.maximumPending {
            switch machine.next() {
            case .wait: return adjustReading()
            case .dispatch(let request): dispatch(request)
            case .write(let bytes): write(bytes)
            case .refuse(let fault): refuse(fault)
            case .close: end()
            }
        }
        adjustReading()
    }

    private func adjustReading() {
        if discards || (machine.wantsBytes && !isEnding && stream.pendingBytes < Self.maximumPending) {
            stream.startReading()
        } else {
            stream.stopReading()
        }
        if machine.isIdle, tls?.isHandshakeComplete ?? true {
            requestStart = nil
        } else {
            requestStart = requestStart ?? core.seconds
        }
    }

    private func dispatch(_ request: ServerRequest) {
        var request = request
        request.peer = stream.peer
        let connection = LoopBound(self, loop: stream.loop)
        let handler = core.handler
        Task(executorPreference: stream.loop) { [request] in
            let response = await handler(request)
            connection.value.respond(response)
        }
    }

    private func respond(_ response: ServerResponse) {
        // The client may have gone meanwhile.
        guard stream.handler != nil else { return }
        lastProgress = core.seconds
        requestStart = nil
        write(machine.respond(response, date: core.date))
        advance()
    }

    private func refuse(_ fault: HTTPFault) {
        core.report(.refused(fault, peer: stream.peer))
        write(machine.reject(fault, date: core.date))
        discards = true
        end()
    }

    private func write(_ bytes: [UInt8]) {
        guard let tls else { return stream.write(bytes) }
        do throws(TLSError) {
            try tls.send(bytes)
            stream.write(tls.takeCiphertext())
        } catch {
            core.report(.tlsFailed(reason: error.description, peer: stream.peer))
            stream.close()
        }
    }

    func streamDidDrain() {
        lastProgress = core.seconds
        if isEnding { finish() } else { advance() }
    }

    // MARK: Ending

    /// Closes the connection as soon as everything is written.
    private func end() {
        guard !isEnding else { return }
        isEnding = true
        if let tls {
            tls.close()
            stream.write(tls.takeCiphertext())
        }
        if stream.pendingBytes == 0 { finish() }
    }

    private func finish() {
        if discards {
            stream.finishWriting()
            stream.startReading()
        } else {
            stream.close()
        }
    }

    /// Ends the connection as soon as it has no request to answer.
    func drain() {
        machine.drain()
        advance()
    }

    func close() { stream.close() }

    func streamDidClose(_ error: EventLoopError?) { core.remove(self) }

    /// Closes the connection if it has taken too long; called once a second.
    func checkTime() {
        let timeouts = core.configuration.timeouts
        let sinceProgress = Duration.seconds(core.seconds - lastProgress)
        if stream.pendingBytes > 0 || isEnding {
            if sinceProgress > timeouts.response { timeOut() }
        } else if machine.isResponding {
            return
        } else if let requestStart {
            if Duration.seconds(core.seconds - requestStart) > timeouts.request { timeOut() }
        } else if sinceProgress > timeouts.idle {
            end()
        }
    }

    private func timeOut() {
        core.report(.timedOut(peer: stream.peer))
        stream.close()
    }
}
