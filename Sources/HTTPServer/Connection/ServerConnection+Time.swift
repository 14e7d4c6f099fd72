import EventLoop

extension ServerConnection {
    /// The time for a client to close the connection after its last response.
    private static let lingerLimit = Duration.seconds(5)

    /// Closes the connection if it has exceeded a time limit. Called once a second.
    func checkTime() {
        let timeouts = serverLoop.configuration.timeouts
        let sinceProgress = Duration.seconds(serverLoop.seconds - lastProgress)
        switch stage {
        case .closed: return
        case .lingering:
            if sinceProgress > Self.lingerLimit { stream.close() }
        case .serving, .ending:
            if stream.pendingBytes > 0 {
                if sinceProgress > timeouts.response { timeOut(.response) }
            } else if machine.isResponding {
                return
            } else if let requestStart {
                checkRequest(sinceStart: .seconds(serverLoop.seconds - requestStart), sinceProgress, timeouts)
            } else if sinceProgress > (isFresh ? timeouts.head : timeouts.idle) {
                evict()
            }
        }
    }

    private func checkRequest(sinceStart: Duration, _ sinceProgress: Duration, _ timeouts: HTTPTimeouts) {
        if !isSecured {
            if sinceStart > timeouts.handshake { timeOut(.handshake) }
        } else if machine.isInsideBody {
            if sinceProgress > timeouts.bodyPause || sinceStart > timeouts.request { timeOut(.body) }
        } else if sinceStart > timeouts.head {
            timeOut(.head)
        }
    }

    private func timeOut(_ limit: HTTPTimeouts.Limit) {
        serverLoop.report(.timedOut(limit, peer: client))
        stream.close()
    }
}
