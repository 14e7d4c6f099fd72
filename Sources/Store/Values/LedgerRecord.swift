import Cryptography

/// A ledger entry with what is computed from it before it is written.
///
/// Compressing and hashing take longer than writing: they must not delay other writes.
package struct LedgerRecord: Sendable {
    /// The entry.
    package let entry: LedgerEntry
    /// The hash of the id; see ``hash(_:)``.
    package let idHash: [UInt8]
    /// The hash of the subject.
    package let subjectHash: [UInt8]
    /// The texts, as they are stored.
    package let content: [UInt8]

    /// Hashes and compresses an entry.
    package init(_ entry: LedgerEntry) {
        self.entry = entry
        idHash = Self.hash(entry.id)
        subjectHash = entry.subject == entry.id ? idHash : Self.hash(entry.subject)
        content = LedgerContent(id: entry.id, subject: entry.subject, finding: entry.finding).stored
    }

    /// The hash by which an id or a subject is looked up: the first 16 bytes of its SHA-256 digest. It is
    /// infeasible to find two texts with the same ones, and each byte is stored twice for every finding.
    package static func hash(_ text: String) -> [UInt8] { Array(Digest.sha256(Array(text.utf8)).prefix(16)) }
}
