import CLibcurl
import EventLoop
import HTTPTypes
import Synchronization

/// Identifies one call of `send`, and tells the loop if its task was canceled before the transfer started.
final class Ticket: Sendable {
    let isCanceled = Atomic(false)
}

/// One request in flight; used on the loop's thread only.
///
/// libcurl's callbacks find it by an unretained pointer: the owner keeps it until its handle is removed from the multi
/// handle.
final class Transfer {
    typealias Response = (response: HTTPResponse, body: [UInt8])
    typealias Outcome = Result<Response, HTTPClientError>

    let easy: EasyHandle
    let ticket: Ticket
    let target: String
    /// Whether libcurl is resolving its host name, which cannot be canceled.
    private(set) var isResolving = false
    /// Whether the outcome was delivered.
    var isCompleted: Bool { continuation == nil }

    private let configuration: HTTPClient.Configuration
    private var continuation: CheckedContinuation<Outcome, Never>?
    private let deadline: LoopTimer
    private let connectDeadline: LoopTimer
    private var isConnecting = false
    /// Whether a connection was established.
    private var wasConnected = false
    private var headBytes = 0
    private var body: [UInt8] = []
    private var rejection: HTTPClientError?

    /// Makes a transfer and starts its timeout.
    ///
    /// - Parameter expire: called once on timeout, with the error.
    init(
        _ plan: RequestPlan, ticket: Ticket, timeout: Duration, configuration: HTTPClient.Configuration,
        connectTo: FieldList, loop: EventLoop, expire: @escaping (Ticket, HTTPClientError) -> Void
    ) throws(HTTPClientError) {
        easy = try EasyHandle(plan, configuration: configuration, connectTo: connectTo)
        self.ticket = ticket
        self.configuration = configuration
        target = plan.target
        let target = plan.target
        deadline = LoopTimer(on: loop) {
            expire(ticket, HTTPClientError(.timedOut, "no response from \(target) within \(timeout)"))
        }
        let connectTimeout = configuration.connectTimeout
        connectDeadline = LoopTimer(on: loop) {
            expire(
                ticket,
                HTTPClientError(.timedOut, "no connection to \(target) within \(connectTimeout)", isUnsent: true))
        }
        deadline.start(after: timeout)
        do {
            try setCallbacks()
        } catch {
            stopTimers()
            throw error
        }
    }

    /// Sets the continuation that receives the outcome.
    func awaitOutcome(_ continuation: CheckedContinuation<Outcome, Never>) { self.continuation = continuation }

    /// Delivers the outcome; further calls do nothing.
    func complete(_ outcome: sending Outcome) {
        stopTimers()
        body = []
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    /// The outcome of a transfer that libcurl has ended.
    func outcome(_ code: CURLcode) -> Outcome {
        if let rejection { return .failure(rejection) }
        guard code == CURLE_OK else {
            return .failure(HTTPClientError(code, text: easy.errorText, target: target, isUnsent: !wasConnected))
        }
        guard let head = easy.responseHead else {
            return .failure(HTTPClientError(.other, "invalid response from \(target): no status"))
        }
        return .success((head, body))
    }

    private func stopTimers() {
        deadline.close()
        connectDeadline.close()
    }

    // MARK: Called by libcurl

    private func setCallbacks() throws(HTTPClientError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try HTTPClientError.check(CLibcurl_easy_set_private(easy.pointer, context))
        let body = CLibcurl_easy_on_body(easy.pointer, { Transfer.at($3)?.didReceiveBody($0, $1 * $2) ?? 0 }, context)
        try HTTPClientError.check(body)
        let head = CLibcurl_easy_on_header(
            easy.pointer, { _, size, count, context in Transfer.at(context)?.didReceiveHead(size * count) ?? 0 },
            context)
        try HTTPClientError.check(head)
        let resolve = CLibcurl_easy_on_resolve(easy.pointer, { Transfer.at($2)?.willResolve() ?? 1 }, context)
        try HTTPClientError.check(resolve)
        let socket = CLibcurl_easy_on_socket(
            easy.pointer, { context, _, _ in Transfer.at(context)?.didOpenSocket() ?? CURL_SOCKOPT_ERROR }, context)
        try HTTPClientError.check(socket)
        let connection = CLibcurl_easy_on_connection(
            easy.pointer,
            { context, _, _, _, _ in Transfer.at(context)?.didConnect() ?? CURL_PREREQFUNC_ABORT }, context)
        try HTTPClientError.check(connection)
    }

    /// The transfer of a callback's context pointer.
    static func at(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func willResolve() -> CInt {
        isResolving = true
        startConnecting()
        return 0
    }

    private func didOpenSocket() -> CInt {
        isResolving = false
        if isCompleted { return CURL_SOCKOPT_ERROR }
        startConnecting()
        return CURL_SOCKOPT_OK
    }

    private func startConnecting() {
        guard !isConnecting, !isCompleted else { return }
        isConnecting = true
        connectDeadline.start(after: configuration.connectTimeout)
    }

    private func didConnect() -> CInt {
        isResolving = false
        isConnecting = false
        wasConnected = true
        connectDeadline.stop()
        return isCompleted ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK
    }

    /// - Returns: the number of accepted bytes; any number other than the offered one aborts the transfer.
    private func didReceiveHead(_ count: Int) -> Int {
        guard count <= configuration.maximumHeaderBytes - headBytes else {
            let limit = configuration.maximumHeaderBytes
            rejection = HTTPClientError(.headTooLarge, "response head from \(target) exceeds \(limit) bytes")
            return -1
        }
        headBytes += count
        return count
    }

    private func didReceiveBody(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard count <= configuration.maximumBodyBytes - body.count else {
            let limit = configuration.maximumBodyBytes
            rejection = HTTPClientError(.bodyTooLarge, "response body from \(target) exceeds \(limit) bytes")
            return -1
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }
}
