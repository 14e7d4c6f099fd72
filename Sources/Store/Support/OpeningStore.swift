import Encoding
import Synchronization

/// A store that accepts calls while it is being opened.
///
/// The first calls wait for it, within the time that a sender waits for a response. If opening takes longer or fails
/// temporarily, calls throw ``StoreError/Code/unavailable``, and opening is retried until it succeeds.
package final class OpeningStore: Store {
    /// Opens the store.
    package typealias Open = @Sendable () async throws(StoreError) -> any Store

    private enum State {
        /// The first attempt is running, and calls wait for it.
        case opening
        /// Calls throw this error until an attempt succeeds.
        case unavailable(StoreError)
        case open(any Store)
        /// Opening failed permanently, or the store was closed.
        case ended(StoreError)

        var isOpening: Bool { if case .opening = self { true } else { false } }

        /// Whether the state no longer changes.
        var isFinal: Bool {
            switch self {
            case .opening, .unavailable: false
            case .open, .ended: true
            }
        }
    }

    private let open: Open
    private let timeout: Duration
    private let longestDelay: Duration
    private let state = Mutex(State.opening)
    private let changes = WorkSignal()
    private let attempts = Mutex<Task<Void, Never>?>(nil)

    /// Creates the store without opening it; see ``start(report:)``.
    ///
    /// - Parameters:
    ///   - timeout: how long calls wait for the first attempt. EventBridge waits 5 seconds for a response.
    ///   - longestDelay: the maximum delay between two attempts.
    ///   - open: opens the store; called until it succeeds or throws a permanent error.
    package init(timeout: Duration = .seconds(3), longestDelay: Duration = .seconds(5), open: @escaping Open) {
        self.open = open
        self.timeout = timeout
        self.longestDelay = longestDelay
    }

    deinit { attempts.withLock { $0?.cancel() } }

    // MARK: Opening

    /// Starts opening the store.
    ///
    /// - Parameter report: receives the error of each failed attempt, and one when the first attempt takes long.
    package func start(report: @escaping @Sendable (StoreError) -> Void = { _ in }) {
        attempts.withLock { task in
            guard task == nil else { return }
            task = Task { await self.openUntilDone(report) }
        }
    }

    /// Waits until the first attempt has ended, the timeout has passed, or ``stopWaiting()`` is called.
    ///
    /// - Throws: the error if opening failed permanently, or with ``StoreError/Code/inUse``.
    package func waitForFirstAttempt() async throws(StoreError) {
        guard case .ended(let error) = await wait(while: \.isOpening) else { return }
        throw error
    }

    /// Waits until the store is open. Returns also when the task is canceled or the store is closed.
    ///
    /// - Returns: whether the store is open.
    /// - Throws: the error if opening failed permanently, or with ``StoreError/Code/inUse``.
    package func waitUntilOpen() async throws(StoreError) -> Bool {
        switch await wait(while: { !$0.isFinal }) {
        case .opening, .unavailable: return false
        case .open: return true
        case .ended(let error) where error.code == .closed: return false
        case .ended(let error): throw error
        }
    }

    /// Ends the wait of all calls for the first attempt.
    package func stopWaiting() {
        transition(.unavailable(Self.stillOpening)) { $0.isOpening }
    }

    /// Why the store is not open; nil if it is.
    package var problem: StoreError? {
        switch state.withLock({ $0 }) {
        case .opening: Self.stillOpening
        case .unavailable(let error), .ended(let error): error
        case .open: nil
        }
    }

    private static let stillOpening = StoreError(
        .unavailable, "The store is still being opened: a migration or the recovery of its log is running.")

    private func openUntilDone(_ report: @escaping @Sendable (StoreError) -> Void) async {
        let timer = Task { [timeout] in
            guard (try? await Task.sleep(for: timeout)) != nil else { return }
            if self.transition(.unavailable(Self.stillOpening), if: \.isOpening) { report(Self.stillOpening) }
        }
        defer { timer.cancel() }
        var delay = Duration.milliseconds(250)
        while !Task.isCancelled {
            do throws(StoreError) {
                let store = try await open()
                // Closed meanwhile: the store is not used.
                if !transition(.open(store)) { await store.close() }
                return
            } catch {
                guard error.isTransient else {
                    transition(.ended(error))
                    return
                }
                if transition(.unavailable(error)) { report(error) }
            }
            try? await Task.sleep(for: delay * Double.random(in: 0.75...1))
            delay = min(delay * 2, longestDelay)
        }
    }

    /// Changes the state unless it is final.
    @discardableResult
    private func transition(_ new: State, if isAllowed: (State) -> Bool = { _ in true }) -> Bool {
        let isChanged = state.withLock { state in
            guard !state.isFinal, isAllowed(state) else { return false }
            state = new
            return true
        }
        if isChanged { changes.notify() }
        return isChanged
    }

    private func wait(while isWaiting: (State) -> Bool) async -> State {
        while true {
            let mark = changes.mark
            let present = state.withLock { $0 }
            guard isWaiting(present), !Task.isCancelled else { return present }
            await changes.wait(after: mark)
        }
    }

    /// The store; nil while it is not open.
    var opened: (any Store)? {
        guard case .open(let store) = state.withLock({ $0 }) else { return nil }
        return store
    }

    /// The store, after waiting for the first attempt.
    ///
    /// - Throws: ``StoreError/Code/unavailable`` while the store is not open.
    func current() async throws(StoreError) -> any Store {
        if let opened { return opened }
        switch await wait(while: \.isOpening) {
        case .open(let store): return store
        case .opening: throw Self.stillOpening
        case .unavailable(let error), .ended(let error): throw error
        }
    }

    // MARK: Closing

    /// How long closing waits for a running attempt. A longer attempt closes what it opens by itself.
    private static let closingTimeout = Duration.seconds(1)

    /// Closes the store, or stops opening it.
    package func close() async {
        let last = state.withLock { state in
            defer { if !state.isFinal { state = .ended(.closed) } }
            return state
        }
        changes.close()
        if case .open(let store) = last { return await store.close() }
        let task = attempts.withLock { $0 }
        task?.cancel()
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        let waiting = Task {
            await task?.value
            continuation.finish()
        }
        let timer = Task {
            try? await Task.sleep(for: Self.closingTimeout)
            continuation.finish()
        }
        for await _ in ended {}
        timer.cancel()
        waiting.cancel()
    }
}

extension StoreError {
    /// Whether opening the store can succeed later without a change of the configuration or of the store.
    package var isTransient: Bool {
        switch code {
        case .unavailable, .defect, .leaseLost: true
        case .corrupt, .invalidPath, .invalidValue, .inUse, .outdated, .unsupported, .closed: false
        }
    }
}
