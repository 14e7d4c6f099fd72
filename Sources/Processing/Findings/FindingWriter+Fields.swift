import Planning
import SecurityFindings
import Store

extension FindingWriter {
    /// Updates the user-defined fields of findings where they differ from those that are wanted, and records those that
    /// Security Hub has. An update that fails is repeated with the next report of its finding.
    ///
    /// - Parameters:
    ///   - entries: ledger entries. Those whose latest state is not confirmed in `outcomes` or by themselves are skipped.
    ///   - outcomes: the outcomes of the findings that were sent, by finding id.
    ///   - things: the known attributes of things, by name.
    func updateFields(
        of entries: [LedgerEntry], after outcomes: [String: SendOutcome], _ mapping: MappingOptions,
        things: [String: ThingAttributes] = [:], under lease: Lease
    ) async throws(StoreError) {
        guard mapping.userDefinedFields != .none else { return }
        let updates = entries.compactMap { entry -> FieldsUpdate? in
            guard outcomes[entry.id].map({ $0 == .imported }) ?? entry.isSent, !mapping.filter.hides(entry) else {
                return nil
            }
            let thing = things.isEmpty ? nil : entry.asSent?.thingName.flatMap { things[$0] }
            return FieldsUpdate(entry, mapping.userDefinedFields, thing: thing)
        }
        guard !updates.isEmpty else { return }
        let byID = Dictionary(updates.map { ($0.entry.id, $0) }) { _, last in last }
        let updated = await sender.update(byID.mapValues(\.changes))
        let applied = byID.values.filter { updated.outcomes[$0.entry.id] == .imported }.map(\.entry)
        if !applied.isEmpty { try await queue.record(LedgerUpdate(entries: applied), under: lease) }
    }
}
