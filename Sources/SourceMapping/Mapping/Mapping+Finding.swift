import Encoding
import JSON
import SecurityFindings

extension Mapping {
    /// The finding of an item, within the limits of the AWS Security Finding Format.
    func finding(
        for item: JSON, at time: StateTime, in context: ItemContext
    ) throws(MappingFailure) -> MappedFinding {
        let parts = try value(.id) { () throws(ItemError) -> [String] in try identity.parts(of: item) }
        let level = try value(.severity) { () throws(ItemError) -> SeverityRule.Reading in
            try severity.severity(of: item)
        }
        // One more than fits, so that truncation shows.
        let title = try value(.title) { () throws(ItemError) -> String in
            try self.title.expand(item, in: context, limit: FindingLimits.title + 1)
        }
        let description = try value(.description) { () throws(ItemError) -> String in
            try self.description.expand(item, in: context, limit: FindingLimits.description + 1)
        }
        let resources = try findResources(of: item, in: context)
        let group = try groupName(of: item)
        let firstObservedAt = try firstObservation(of: item, in: context)
        let changedAt = time.timestamp ?? context.receivedAt
        let isArchived = archivedWhen?.matches(item) ?? false
        let finding = SecurityFinding(
            FindingDraft(
                id: FindingID.mapped(source: context.source, parts: parts, accountRegion: context.accountRegion),
                accountRegion: context.accountRegion,
                generatorID: context.source,
                types: findTypes(of: item, in: context),
                severity: group.flatMap(context.severities.severity) ?? level.label,
                originalSeverity: level.original ?? level.label.rawValue,
                title: title,
                description: description,
                sourceURL: sourceURL?.url(for: item, in: context, limit: FindingLimits.url),
                remediation: remediation(for: item, in: context),
                resource: resources.first,
                otherResources: resources.others,
                productFields: fields(of: item, in: group, at: time, context),
                createdAt: changedAt,
                updatedAt: changedAt,
                firstObservedAt: firstObservedAt ?? changedAt,
                lastObservedAt: changedAt,
                recordState: isArchived ? .archived : .active))
        return MappedFinding(finding: finding, group: group, time: time)
    }

    /// The types of an item. Security Hub requires one (User Guide, "Required top-level ASFF attributes").
    private func findTypes(of item: JSON, in context: ItemContext) -> [String] {
        let found = types.compactMap { try? $0.expand(item, in: context, limit: FindingLimits.type) }
        return found.isEmpty ? [Self.defaultType] : found
    }

    /// The type of a finding whose mapping gives it none.
    static let defaultType = "Unusual Behaviors"

    /// The resources of an item: the first is required, others without an ID are left out.
    private func findResources(
        of item: JSON, in context: ItemContext
    ) throws(MappingFailure) -> (first: FindingDraft.Resource, others: [FindingDraft.Resource]) {
        var found: [FindingDraft.Resource] = []
        var failure = ItemError(.missing, paths: [])
        for (index, resource) in resources.enumerated() {
            do throws(ItemError) {
                found.append(try resource.draft(for: item, in: context))
            } catch {
                if index == 0 { failure = error }
                guard index > 0 else { break }
            }
        }
        guard let first = found.first else { throw MappingFailure(failure, key: .resources) }
        return (first, Array(found.dropFirst()))
    }

    private func remediation(for item: JSON, in context: ItemContext) -> FindingDraft.Remediation? {
        guard let remediation,
            let text = try? remediation.text.expand(item, in: context, limit: FindingLimits.remediationText + 1)
        else { return nil }
        return FindingDraft.Remediation(
            text: text, url: remediation.url?.url(for: item, in: context, limit: FindingLimits.url))
    }

    private func firstObservation(of item: JSON, in context: ItemContext) throws(MappingFailure) -> Timestamp? {
        let rule = firstObservedAt
        return try value(.firstObservedAt) { () throws(ItemError) in
            try rule?.time(of: item, receivedAt: context.receivedAt)?.time
        }
    }

    /// The product fields: those from which the ledger can be rebuilt, then those of the mapping.
    private func fields(
        of item: JSON, in group: String?, at time: StateTime, _ context: ItemContext
    ) -> [(key: String, value: String)] {
        var fields = [
            (key: "ProviderName", value: context.source), (key: ProductField.source, value: context.source),
        ]
        if let group { fields.append((ProductField.group, group)) }
        if let time = time.timestamp { fields.append((ProductField.time, time.iso8601)) }
        return fields + productFields.compactMap { $0.entry(for: item) }
    }
}

extension Mapping.Resource {
    fileprivate func draft(for item: JSON, in context: ItemContext) throws(ItemError) -> FindingDraft.Resource {
        FindingDraft.Resource(
            type: try type.expand(item, in: context, limit: FindingLimits.resourceType),
            id: FindingID.cut(try id.expand(item, in: context, limit: Template.maximumLength)),
            details: details.compactMap { $0.entry(for: item) })
    }
}

extension Mapping.Field {
    /// The name with the joined values; nil if there is no value.
    fileprivate func entry(for item: JSON) -> (key: String, value: String)? {
        let texts = path.texts(in: item)
        guard !texts.isEmpty else { return nil }
        var value = BoundedText(limit: FindingLimits.productFieldValue + 1)
        for (index, text) in texts.enumerated() {
            if index > 0 { value.append(", ") }
            value.append(text)
        }
        return (name, value.text)
    }
}
