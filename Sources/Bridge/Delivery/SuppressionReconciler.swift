import AWSClient
import AWSCore
import DeviceDefender
import Logging
import Store

/// Brings the suppressions that are known in step with those that AWS IoT lists.
///
/// EventBridge passes calls on by its best effort, and tells of none that was made before the bridge was there: their
/// ends would be missed. So each audit is a reason to ask.
struct SuppressionReconciler: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let client: AWSClient
    let applier: SuppressionApplier

    /// How much older than the present what is listed is taken to be, in milliseconds: an event of the last minute may
    /// tell of something that the list does not show yet, and clocks differ.
    private static let margin: Int64 = 60_000

    /// Asks for the list and acts on what it says otherwise. Without permission to ask, everything stays as it is.
    func apply(_ rejections: inout FindingRejections) async throws {
        do {
            try await compare(&rejections)
        } catch let error as AWSError where error.kind == .accessDenied {
            context.logger.warning(
                "The suppressions could not be listed; the bridge knows of those alone that events tell of.",
                metadata: .about(accountRegion, [LogMetadataKey.reason: "\(error)"]))
        }
    }

    private func compare(_ rejections: inout FindingRejections) async throws {
        // By AWS's clock when the first page was sent.
        var first: Timestamp?
        // Hashes, so that a long list takes little memory.
        var listed: Set<Int> = []
        var isComplete = true
        for try await page in client.auditSuppressions(region: accountRegion.region) {
            let asOf = first ?? asOf(page.date)
            first = asOf
            var said: [SuppressionDisposition] = []
            for element in page.elements {
                do throws(UnrecognizedMessageError) {
                    said.append(
                        SuppressionDisposition(try AuditSuppression(element), accountRegion: accountRegion, time: asOf))
                } catch {
                    isComplete = false
                }
            }
            listed.formUnion(said.map(\.subject.hashValue))
            try await apply(listed: said, &rejections)
        }
        // One that could not be read may be any of those that seem to be gone.
        if isComplete { try await endUnlisted(listed, asOf: first ?? asOf(nil), &rejections) }
    }

    private func asOf(_ date: Int64?) -> Timestamp {
        Timestamp(milliseconds: (date ?? context.clock()).saturatingSubtracting(Self.margin))
    }

    private func apply(listed: [SuppressionDisposition], _ rejections: inout FindingRejections) async throws {
        let known = try await context.store.dispositions(about: said.map(\.subject))
        for said in said {
            let known = known[said.subject].flatMap { SuppressionDisposition($0) }
            if let known, known.isSuppressed, known.expiresAt == said.expiresAt { continue }
            if said.isNewer(than: known) { rejections.add(try await applier.apply(said, keepsExpiry: false)) }
        }
    }

    private func endUnlisted(_ listed: Set<Int>, asOf: Timestamp, _ rejections: inout FindingRejections) async throws {
        var last: Disposition?
        repeat {
            let page = try await context.store.dispositions(of: accountRegion, after: last, limit: 500)
            for known in page.compactMap({ SuppressionDisposition($0) })
            where known.suppresses(at: context.now) && !listed.contains(known.subject.hashValue) {
                let deleted = SuppressionDisposition(
                    subject: known.subject, accountRegion: accountRegion, time: asOf, isSuppressed: false,
                    expiresAt: nil)
                if deleted.isNewer(than: known) { rejections.add(try await applier.apply(deleted, keepsExpiry: false)) }
            }
            last = page.last
        } while last != nil
    }
}
