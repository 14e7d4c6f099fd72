import CLibcurl
import Encoding
import EventLoop
import Synchronization

/// Runs all transfers of a client: libcurl's multi interface, driven by the event loop's sockets and timer. Used on the
/// loop's thread only, and closed with ``shutDown()``.
///
/// libcurl's callbacks find it by an unretained pointer; its timer keeps it alive until the multi handle is gone.
final class TransferEngine {
    private let loop: EventLoop
    private let configuration: HTTPClient.Configuration
    private let connectTo: FieldList
    private let multi: UnsafeMutableRawPointer
    private var timer: LoopTimer?
    private var watchers: [curl_socket_t: DescriptorWatcher] = [:]
    /// The transfers whose handles are added to libcurl.
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    /// Whether the multi handle is there.
    private var isOpen = true

    init(configuration: HTTPClient.Configuration, loop: EventLoop) throws(HTTPClientError) {
        loop.checkIsolated()
        try configuration.validate()
        try Library.initialize()
        self.loop = loop
        self.configuration = configuration
        connectTo = try FieldList(configuration.connectTo)
        guard let multi = curl_multi_init() else { throw HTTPClientError(.other, "out of memory") }
        self.multi = multi
        do {
            try setUp()
        } catch {
            curl_multi_cleanup(multi)
            throw error
        }
        timer = LoopTimer(on: loop) { self.perform(CURL_SOCKET_TIMEOUT, 0) }
    }

    private func setUp() throws(HTTPClientError) {
        let perHost = configuration.maximumConnectionsPerHost
        try HTTPClientError.check(CLibcurl_multi_setopt_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, perHost))
        // Enough idle connections for a few hosts; by default libcurl keeps fewer when fewer requests are in flight.
        try HTTPClientError.check(CLibcurl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, 4 * perHost))
        let context = Unmanaged.passUnretained(self).toOpaque()
        let socket = CLibcurl_multi_on_socket(
            multi,
            { _, socket, interest, context, _ in
                TransferEngine.at(context)?.watch(socket, interest) ?? -1
            }, context)
        try HTTPClientError.check(socket)
        let timer = CLibcurl_multi_on_timer(
            multi,
            { _, milliseconds, context in
                TransferEngine.at(context)?.schedule(milliseconds) ?? -1
            }, context)
        try HTTPClientError.check(timer)
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> TransferEngine? {
        context.map { Unmanaged<TransferEngine>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Transfers

    /// Starts a transfer; the continuation is resumed with its outcome.
    func start(
        _ plan: RequestPlan, ticket: Ticket, timeout: Duration?,
        continuation: CheckedContinuation<Transfer.Outcome, Never>
    ) {
        guard isOpen else {
            return continuation.resume(returning: .failure(HTTPClientError(.canceled, "the HTTP client was shut down")))
        }
        guard !ticket.isCanceled.load(ordering: .acquiring) else {
            return continuation.resume(returning: .failure(Self.canceled(plan.target)))
        }
        do {
            let transfer = try Transfer(
                plan, ticket: ticket, timeout: timeout ?? configuration.timeout, configuration: configuration,
                connectTo: connectTo, loop: loop,
                expire: { ticket, error in self.end(ticket, error) })
            transfer.awaitOutcome(continuation)
            add(transfer)
        } catch {
            continuation.resume(returning: .failure(error))
        }
    }

    private func add(_ transfer: Transfer) {
        transfers[ObjectIdentifier(transfer.ticket)] = transfer
        do {
            try HTTPClientError.check(curl_multi_add_handle(multi, transfer.easy.pointer))
        } catch {
            transfers[ObjectIdentifier(transfer.ticket)] = nil
            transfer.complete(.failure(error))
        }
    }

    /// Cancels a transfer that is still in flight.
    func cancel(_ ticket: Ticket) {
        guard let transfer = transfers[ObjectIdentifier(ticket)] else { return }
        end(ticket, Self.canceled(transfer.target))
    }

    private static func canceled(_ target: String) -> HTTPClientError {
        HTTPClientError(.canceled, "the request to \(target) was canceled")
    }

    private func end(_ ticket: Ticket, _ error: HTTPClientError) {
        guard let transfer = transfers[ObjectIdentifier(ticket)] else { return }
        transfer.complete(.failure(error))
        // Until the name is resolved, it keeps its place among the connections to its host, so that a silent name server
        // does not cause any number of lookups at a time. It ends at its first socket after that.
        if !transfer.isResolving { remove(transfer) }
    }

    private func remove(_ transfer: Transfer) {
        curl_multi_remove_handle(multi, transfer.easy.pointer)
        transfers[ObjectIdentifier(transfer.ticket)] = nil
    }

    // MARK: Events

    private func perform(_ socket: curl_socket_t, _ events: CInt) {
        var running: CInt = 0
        do {
            try HTTPClientError.check(curl_multi_socket_action(multi, socket, events, &running))
        } catch {
            for transfer in transfers.values { end(transfer.ticket, error) }
        }
        collect()
    }

    /// Completes the transfers that libcurl has finished.
    private func collect() {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = Transfer.at(CLibcurl_easy_get_private(easy))
            else { continue }
            // Removing the handle invalidates the message.
            let code = CLibcurl_message_result(message)
            let outcome = transfer.outcome(code)
            remove(transfer)
            transfer.complete(outcome)
        }
    }

    /// Applies libcurl's interest in one of its sockets.
    private func watch(_ socket: curl_socket_t, _ interest: CInt) -> CInt {
        if interest == CURL_POLL_REMOVE {
            watchers.removeValue(forKey: socket)?.close()
            return 0
        }
        var events: DescriptorWatcher.Events = []
        if interest & CURL_POLL_IN != 0 { events.insert(.readable) }
        if interest & CURL_POLL_OUT != 0 { events.insert(.writable) }
        if watchers[socket] == nil {
            watchers[socket] = try? DescriptorWatcher(socket, on: loop) { self.isReady(socket, $0) }
        }
        guard let watcher = watchers[socket] else { return -1 }
        watcher.watch(for: events)
        return 0
    }

    private func isReady(_ socket: curl_socket_t, _ result: Result<DescriptorWatcher.Events, EventLoopError>) {
        switch result {
        case .success(let events):
            var flags: CInt = 0
            if events.contains(.readable) { flags |= CURL_CSELECT_IN }
            if events.contains(.writable) { flags |= CURL_CSELECT_OUT }
            perform(socket, flags)
        case .failure: perform(socket, CURL_CSELECT_ERR)
        }
    }

    /// Sets the time of libcurl's next call; a negative time cancels it.
    private func schedule(_ milliseconds: Int) -> CInt {
        if milliseconds < 0 { timer?.stop() } else { timer?.start(after: .milliseconds(milliseconds)) }
        return 0
    }

    // MARK: Shutdown

    /// Cancels all transfers and closes all connections. Further calls do nothing.
    func shutDown() {
        guard isOpen else { return }
        isOpen = false
        for transfer in transfers.values {
            transfer.complete(.failure(HTTPClientError(.canceled, "the HTTP client was shut down")))
            remove(transfer)
        }
        curl_multi_cleanup(multi)
        for watcher in watchers.values { watcher.close() }
        watchers = [:]
        timer?.close()
        timer = nil
    }
}
