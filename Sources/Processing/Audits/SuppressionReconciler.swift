import AWSClient
import AWSCore
import DeviceDefender
import Encoding
import Logging
import Planning
import Store
import Telemetry

/// Reconciles the stored suppressions with those that AWS IoT lists.
///
/// EventBridge delivers CloudTrail events on a best-effort basis, and none from before the bridge was installed. So the
/// list is read with each audit.
struct SuppressionReconciler: Sendable {
    let store: any DispositionStore
    let client: AWSClient
    let applier: SuppressionApplier
    let logger: Logger

    private var accountRegion: AccountRegion { applier.writer.accountRegion }

    /// How old a list counts as: an event of the last minute may not be reflected in the list yet, and
    /// clocks differ.
    private static let margin = Duration.seconds(60)

    /// Reads the list and applies differences. Without permission to read it, nothing changes.
    func apply(_ rejections: inout FindingRejections) async throws {
        do {
            try await compare(&rejections)
        } catch let error as AWSError where error.kind == .accessDenied {
            logger.log(.suppressionsNotListed, .about(accountRegion, [.reason: "\(error)"]))
        }
    }

    private func compare(_ rejections: inout FindingRejections) async throws {
        // AWS's time when the first page was sent.
        var first: Timestamp?
        // Hashes, so that a long list uses little memory.
        var listed: Set<Int> = []
        var isComplete = true
        for try await page in client.auditSuppressions(region: accountRegion.region) {
            let asOf = first ?? asOf(page.date)
            first = asOf
            var dispositions: [SuppressionDisposition] = []
            for element in page.elements {
                do throws(UnrecognizedMessageError) {
                    dispositions.append(
                        SuppressionDisposition(try AuditSuppression(element), accountRegion: accountRegion, time: asOf))
                } catch {
                    isComplete = false
                }
            }
            listed.formUnion(dispositions.map(\.subject.hashValue))
            try await apply(listed: dispositions, &rejections)
        }
        // A suppression that could not be parsed may be any of the missing ones.
        if isComplete { try await endUnlisted(listed, asOf: first ?? asOf(nil), &rejections) }
    }

    private func asOf(_ date: Timestamp?) -> Timestamp { (date ?? client.clock.now()) - Self.margin }

    private func apply(listed: [SuppressionDisposition], _ rejections: inout FindingRejections) async throws {
        let known = try await store.dispositions(about: listed.map(\.subject))
        for suppression in listed {
            let known = known[suppression.subject].flatMap { SuppressionDisposition($0) }
            if let known, known.isSuppressed, known.expiresAt == suppression.expiresAt { continue }
            if suppression.isNewer(than: known) {
                rejections.add(try await applier.apply(suppression, keepsExpiry: false))
            }
        }
    }

    private func endUnlisted(_ listed: Set<Int>, asOf: Timestamp, _ rejections: inout FindingRejections) async throws {
        for try await page in store.dispositions(of: accountRegion) {
            for known in page.compactMap({ SuppressionDisposition($0) })
            where known.suppresses(at: applier.writer.now) && !listed.contains(known.subject.hashValue) {
                let deleted = SuppressionDisposition(
                    subject: known.subject, accountRegion: accountRegion, time: asOf, isSuppressed: false,
                    expiresAt: nil)
                if deleted.isNewer(than: known) { rejections.add(try await applier.apply(deleted, keepsExpiry: false)) }
            }
        }
    }
}
