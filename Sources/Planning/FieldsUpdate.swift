package import JSON
package import SecurityFindings
package import Store

/// The pending update of a finding's user-defined fields (`BatchUpdateFindings`): imports do not change those of a finding
/// that Security Hub has. A pure value.
package struct FieldsUpdate: Sendable, Hashable {
    /// The members of the request other than the findings' identifiers.
    package let changes: JSON
    /// The ledger entry after the update.
    package let entry: LedgerEntry

    /// Plans the update of a finding. Nil if its fields are as wanted, or if it is not active.
    ///
    /// - Parameters:
    ///   - known: its ledger entry. It is confirmed as sent.
    ///   - thing: the attributes of the thing that it is about; nil if they are not known.
    package init?(_ known: LedgerEntry, _ fields: UserDefinedFields, thing: ThingAttributes?) {
        guard fields != .none, known.recordState == .active, var finding = known.asSent else { return nil }
        let wanted = fields.values(of: thing, current: finding.userDefinedFields)
        guard wanted != finding.userDefinedFields, !wanted.isEmpty else { return nil }
        finding.userDefinedFields = wanted
        let members = wanted.entries.map { ($0.key, JSON.string($0.value)) }
        changes = ["UserDefinedFields": .object(JSON.Members(members) { first, _ in first })]
        entry = LedgerEntry(
            id: known.id, accountRegion: known.accountRegion, kind: known.kind, group: known.group,
            subject: known.subject, createdAt: known.createdAt, updatedAt: known.updatedAt, eventTime: known.eventTime,
            firstObservedAt: known.firstObservedAt, lastObservedAt: known.lastObservedAt, condition: known.condition,
            recordState: known.recordState, severity: known.severity, finding: finding.serialized(),
            digest: known.digest, report: known.report, isSent: true)
    }

    /// Whether a finding may lack fields, or have others than the fixed ones.
    package static func isPossible(_ known: LedgerEntry, _ fields: UserDefinedFields) -> Bool {
        guard fields != .none, known.recordState == .active, let finding = known.asSent else { return false }
        return fields.isIncomplete(finding.userDefinedFields)
    }
}
