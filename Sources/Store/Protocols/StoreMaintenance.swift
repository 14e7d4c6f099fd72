/// The state of the store as a whole.
package protocol StoreMaintenance: Sendable {
    /// Counts the findings in the ledger. Reads no row of a finding.
    func ledgerCounts() async throws(StoreError) -> LedgerCounts

    /// Verifies the whole store: the file, the schema, and every row. Takes time proportional to the size of the store.
    ///
    /// - Parameter report: Receives the progress, once for each thousand deliveries or findings.
    /// - Returns: The problems, for operators: at most 100, and a line that there are more. Empty if the store is
    ///   sound. Never contains parts of payloads or findings.
    func verify(report: @escaping @Sendable (IntegrityProgress) -> Void) async throws(StoreError) -> [String]

    /// Reads all data to find damage that opening does not look for. Other calls continue. Ends early when the task is
    /// canceled.
    ///
    /// - Parameter report: receives the progress, many times.
    /// - Throws: ``StoreError/Code/corrupt`` if the store is damaged. The next opening then checks the whole file.
    func checkIntegrity(report: @escaping @Sendable (IntegrityProgress) -> Void) async throws(StoreError)

    /// Checks that a delivery can be appended durably, without leaving one, and throws otherwise.
    func checkWritable() async throws(StoreError)

    /// Checks every permission that the store needs, and throws an error that lists the missing ones.
    func checkRights() async throws(StoreError)

    /// The live replicas on the same database, and the partitions that are not processed.
    func sharingStatus() async throws(StoreError) -> SharingStatus

    /// Completes pending writes and closes the store. Later calls throw ``StoreError/Code/closed``; closing again has
    /// no effect.
    func close() async

    // MARK: The clock

    /// The recorded state of the clock; nil for a store that was never served.
    func clockMark() async throws(StoreError) -> ClockMark?

    /// Records the state of the clock, in place of the previous one.
    func record(_ mark: ClockMark) async throws(StoreError)
}

extension StoreMaintenance {
    /// Nothing: one process owns the store.
    package func sharingStatus() async throws(StoreError) -> SharingStatus { SharingStatus() }

    /// Checks that the store is writable: it has no permissions of its own.
    package func checkRights() async throws(StoreError) { try await checkWritable() }
}

extension StoreMaintenance {
    /// Verifies the whole store.
    package func verify() async throws(StoreError) -> [String] { try await verify { _ in } }
}
