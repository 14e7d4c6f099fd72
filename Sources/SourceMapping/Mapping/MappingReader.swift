import JSON
import SecurityFindings

/// Reads the values of a mapping file that have rules of their own.
struct MappingReader {
    let object: ObjectReader<MappingKey>

    func each(errors: inout MappingErrors) -> JSONPath {
        object.optional(.each, errors: &errors)?.path(errors: &errors) ?? .root
    }

    private enum DecodeKey: String, CaseIterable { case cef }
    private enum DecodeWord: String, CaseIterable { case json }

    /// Reads `json` or `{cef: path}`.
    func decoding(errors: inout MappingErrors) -> Mapping.Decoding? {
        guard let tree = object.optional(.decode, errors: &errors) else { return nil }
        guard tree.value.object != nil else {
            return tree.word(DecodeWord.self, errors: &errors) == nil ? nil : .json
        }
        let path = tree.object(DecodeKey.self, example: "{cef: $.message}", errors: &errors)?
            .required(.cef, example: "$.message", errors: &errors)?.itemPath(errors: &errors)
        return path.map { .cef($0) }
    }

    func accounts(errors: inout MappingErrors) -> [ItemPath] {
        object.optional(.accounts, errors: &errors)?.itemPaths(limit: 8, errors: &errors) ?? []
    }

    func archivesGroupWhen(errors: inout MappingErrors) -> EventPattern? {
        guard let tree = object.optional(.archivesGroupWhen, errors: &errors) else { return nil }
        if !object.has(.group) {
            tree.add("no group to archive", fix: "Add group: the parts that the findings share.", to: &errors)
        }
        return tree.eventPattern(errors: &errors)
    }

    func archivesGroupAt(errors: inout MappingErrors) -> TimeRule? {
        guard let tree = object.optional(.archivesGroupAt, errors: &errors) else { return nil }
        if !object.has(.archivesGroupWhen) {
            tree.add("no archivesGroupWhen", fix: "Add it, or remove the key.", to: &errors)
        }
        // Reports are ordered in one way: by times, or by acceptance alone.
        if !object.has(.time) {
            tree.add("no time", fix: "Add time: when the state of an item changed.", to: &errors)
        }
        return TimeRule(reading: tree, errors: &errors)
    }

    /// The namespaces of finding types (Security Hub User Guide, "Types taxonomy for ASFF").
    private static let namespaces = [
        "Software and Configuration Checks", "TTPs", "Effects", "Unusual Behaviors", "Sensitive Data Identifications",
    ]

    func types(errors: inout MappingErrors) -> [TextRule] {
        let example = "[\"Unusual Behaviors/Network Flow\"]"
        guard let tree = object.optional(.types, errors: &errors),
            let list = tree.elements(limit: FindingLimits.types, example: example, errors: &errors)
        else { return [] }
        return list.compactMap { element in
            let texts = element.value["first"]?.array ?? [element.value]
            for case .string(let text) in texts where !Self.hasNamespace(text) {
                element.add(
                    "unknown namespace", fix: "Begin with one of \(Self.namespaces.joined(separator: ", ")).",
                    to: &errors)
            }
            return element.textRule(as: .typePart, errors: &errors)
        }
    }

    private static func hasNamespace(_ type: String) -> Bool {
        namespaces.contains { type.utf8.elementsEqual($0.utf8) || type.utf8.starts(with: ($0 + "/").utf8) }
    }

    private enum ResourceKey: String, CaseIterable { case type, id, details }

    func resources(errors: inout MappingErrors) -> [Mapping.Resource] {
        let example = "[{type: Other, id: \"{$.device}\"}]"
        guard let tree = object.required(.resources, example: example, errors: &errors),
            let list = tree.elements(limit: FindingLimits.resources, example: example, errors: &errors)
        else { return [] }
        let resources = list.compactMap { resource($0, errors: &errors) }
        if resources.reduce(0, { $0 + $1.details.count }) > Mapping.maximumDetails {
            tree.add(
                "more than \(Mapping.maximumDetails) details", fix: "Keep the most important ones.", to: &errors)
        }
        return resources
    }

    private func resource(_ tree: TreeReader, errors: inout MappingErrors) -> Mapping.Resource? {
        guard let object = tree.object(ResourceKey.self, example: "{type: Other, id: \"{$.device}\"}", errors: &errors)
        else { return nil }
        let type = object.required(.type, example: "Other", errors: &errors)?.textRule(errors: &errors)
        let id = object.required(.id, example: "\"{$.device}\"", errors: &errors)?.textRule(errors: &errors)
        let details = object.optional(.details, errors: &errors).map {
            fields(
                $0, limit: FindingLimits.mapEntries, nameLimit: FindingLimits.detailKey, example: "{Zone: $.zone}",
                errors: &errors)
        }
        guard let type, let id else { return nil }
        return Mapping.Resource(type: type, id: id, details: details ?? [])
    }

    func productFields(errors: inout MappingErrors) -> [Mapping.Field] {
        guard let tree = object.optional(.productFields, errors: &errors) else { return [] }
        let fields = fields(
            tree, limit: Mapping.maximumProductFields, nameLimit: FindingLimits.productFieldKey,
            example: "{plant/site: $.site}", errors: &errors)
        for field in fields where field.name.hasPrefix("aws/") || field.name.hasPrefix("defender-bridge/") {
            errors.add(
                at: tree.path.member(field.name), "reserved name",
                fix: "Begin with the sender's name, for example plant/site.")
        }
        return fields
    }

    private func fields(
        _ tree: TreeReader, limit: Int, nameLimit: Int, example: String, errors: inout MappingErrors
    ) -> [Mapping.Field] {
        let entries = tree.entries(limit: limit, example: example, errors: &errors) ?? []
        return entries.compactMap { name, value in
            if name.string.isEmpty || name.string.utf16.count > nameLimit {
                value.add("name of no or more than \(nameLimit) characters", fix: "Write another name.", to: &errors)
            }
            return value.itemPath(errors: &errors).map { Mapping.Field(name: name.string, path: $0) }
        }
    }

    private enum RemediationKey: String, CaseIterable { case text, url }

    func remediation(errors: inout MappingErrors) -> Mapping.Remediation? {
        let example = "{text: \"Isolate the device.\", url: \"https://example.com/runbook\"}"
        guard
            let object = object.optional(.remediation, errors: &errors)?
                .object(RemediationKey.self, example: example, errors: &errors)
        else { return nil }
        let text = object.required(.text, example: "Isolate the device.", errors: &errors)?.textRule(errors: &errors)
        let url = object.optional(.url, errors: &errors)?.urlRule(errors: &errors)
        return text.map { Mapping.Remediation(text: $0, url: url) }
    }

    func tests(errors: inout MappingErrors) -> [MappingTest] {
        guard let tree = object.optional(.tests, errors: &errors),
            let list = tree.elements(limit: 100, example: "[{message: {…}, expect: {…}}]", errors: &errors)
        else { return [] }
        return list.compactMap { MappingTest(reading: $0, errors: &errors) }
    }
}

extension TreeReader {
    /// A template of a URL, or `{first: [template, …]}`.
    func urlRule(errors: inout MappingErrors) -> URLRule? {
        for case .string(let text) in value["first"]?.array ?? [value]
        where !text.hasPrefix("https://") && !text.hasPrefix("http://") && !text.hasPrefix("{") {
            add("no URL", fix: "Begin with https://, or with a value that is a URL.", to: &errors)
        }
        return textRule(as: .urlPart, errors: &errors).map { URLRule(templates: $0) }
    }
}
