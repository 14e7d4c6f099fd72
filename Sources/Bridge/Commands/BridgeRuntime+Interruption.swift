extension BridgeRuntime {
    /// Runs an operation of a command, which SIGTERM and SIGINT cancel.
    ///
    /// - Throws: the operation's error; `interruption` after a signal.
    func cancelOnSignal<Value: Sendable>(
        throwing interruption: any Error, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let work = Task { try await operation() }
        let watching = Task { for await _ in signals { work.cancel() } }
        let result = await work.result
        watching.cancel()
        await watching.value
        guard !work.isCancelled else { throw interruption }
        return try result.get()
    }
}
