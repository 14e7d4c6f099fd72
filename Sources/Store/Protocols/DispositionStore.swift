package import AWSCore
package import Encoding

/// What people decided about findings in Device Defender.
package protocol DispositionStore: Sendable {
    /// The dispositions of these subjects. Subjects without one are omitted.
    func dispositions(about subjects: [String]) async throws(StoreError) -> [String: Disposition]

    /// All dispositions of an account-Region, ordered by subject, at most 1,000.
    ///
    /// - Parameter last: The last disposition of the previous page; nil for the first page.
    func dispositions(
        of accountRegion: AccountRegion, after last: Disposition?, limit: Int
    ) async throws(StoreError) -> [Disposition]

    /// The dispositions that are due by a time, earliest first, at most 1,000.
    func dueDispositions(by time: Timestamp, limit: Int) async throws(StoreError) -> [Disposition]

    /// Deletes dispositions whose ``Disposition/keepUntil`` has passed and that concern no finding in the ledger.
    /// Returns their number.
    func purgeDispositions(by time: Timestamp) async throws(StoreError) -> Int
}

extension DispositionStore {
    /// All dispositions of an account-Region, ordered by subject.
    package func dispositions(of accountRegion: AccountRegion) -> Pages<Disposition> {
        Pages { last, limit throws(StoreError) in
            try await dispositions(of: accountRegion, after: last, limit: limit)
        }
    }
}
