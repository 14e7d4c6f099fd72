import JSON
import SecurityFindings

extension SeverityRule {
    /// The maximum number of steps.
    package static let maximumSteps = 32
    /// The maximum number of texts in a map, including `default`.
    package static let maximumEntries = 256

    private enum Key: String, CaseIterable { case path, steps, map, suffixes }
    private enum StepKey: String, CaseIterable { case atLeast, `is` }

    private static let stepsExample = "[{atLeast: 7, is: HIGH}, {is: LOW}]"
    private static let mapExample = "{Critical: CRITICAL, default: MEDIUM}"
    private static let suffixesExample = "{-Critical: CRITICAL, default: MEDIUM}"

    /// Reads `{path, steps: [{atLeast, is}, …, {is}]}`, `{path, map: {text: LABEL, …, default: LABEL}}` or
    /// `{path, suffixes: {text: LABEL, …, default: LABEL}}`.
    ///
    /// Thresholds descend, and the last step has none. The key `default` is optional.
    package init?(reading tree: TreeReader, errors: inout MappingErrors) {
        let example = "{path: $.risk, steps: \(Self.stepsExample)}"
        guard let object = tree.object(Key.self, example: example, errors: &errors) else { return nil }
        let path = object.required(.path, example: "$.risk", errors: &errors)?.itemPath(errors: &errors)
        let scale = Self.scale(object, errors: &errors)
        guard let path, let scale else { return nil }
        self.init(path: path, scale: scale)
    }

    private static func scale(_ object: ObjectReader<Key>, errors: inout MappingErrors) -> Scale? {
        let present = [Key.steps, .map, .suffixes].filter(object.has)
        guard let kind = present.first else {
            errors.add(
                at: object.path, "neither steps, map nor suffixes",
                fix: "Add steps: \(stepsExample) for numbers, map: \(mapExample) for words, or "
                    + "suffixes: \(suffixesExample) for names that end with a word.")
            return nil
        }
        if present.count > 1 {
            errors.add(
                at: object.path, "several of steps, map and suffixes",
                fix: "Keep steps for numbers, map for words, or suffixes for names that end with a word.")
        }
        guard let value = object.optional(kind, errors: &errors) else { return nil }
        switch kind {
        case .steps: return steps(value, errors: &errors)
        case .map: return labels(value, example: mapExample, errors: &errors).map { .map($0.labels, default: $0.other) }
        case .suffixes, .path:
            return labels(value, example: suffixesExample, errors: &errors).map { labels, other in
                .suffixes(labels.map { Suffix(text: CaseFoldedText($0.string), label: $1) }, default: other)
            }
        }
    }

    private static func steps(_ tree: TreeReader, errors: inout MappingErrors) -> Scale? {
        guard let elements = tree.elements(limit: maximumSteps, example: stepsExample, errors: &errors) else {
            return nil
        }
        var steps: [Step] = []
        var previous: DecimalNumber?
        var lowest: SecurityFinding.Severity.Label?
        for (index, element) in elements.enumerated() {
            guard let object = element.object(StepKey.self, example: "{atLeast: 7, is: HIGH}", errors: &errors) else {
                continue
            }
            let label = object.required(.is, example: "HIGH", errors: &errors)?
                .word(SecurityFinding.Severity.Label.self, errors: &errors)
            if index == elements.count - 1 {
                lowest = label
                rejectThreshold(of: object, errors: &errors)
                continue
            }
            guard let threshold = threshold(of: object, below: previous, errors: &errors) else { continue }
            previous = threshold
            if let label { steps.append(Step(atLeast: threshold, label: label)) }
        }
        return lowest.map { .steps(steps, below: $0) }
    }

    private static func rejectThreshold(of object: ObjectReader<StepKey>, errors: inout MappingErrors) {
        guard object.has(.atLeast) else { return }
        errors.add(
            at: object.path.member(StepKey.atLeast.rawValue),
            "last step with a threshold: lower numbers have no severity",
            fix: "Add a step without atLeast at the end, for example {is: LOW}.")
    }

    private static func threshold(
        of object: ObjectReader<StepKey>, below previous: DecimalNumber?, errors: inout MappingErrors
    ) -> DecimalNumber? {
        guard let value = object.required(.atLeast, example: "7", errors: &errors) else { return nil }
        let example = "Write a number, for example atLeast: 7."
        guard case .number(let text) = value.value else {
            value.add("\(value.kind) instead of a number", fix: example, to: &errors)
            return nil
        }
        guard let threshold = DecimalNumber(text) else {
            value.add("number whose exponent is too large", fix: example, to: &errors)
            return nil
        }
        if let previous, threshold >= previous {
            value.add(
                "\(text) is not below the threshold of the step ahead of it, so this step never applies",
                fix: "Sort the steps by atLeast, highest first.", to: &errors)
        }
        return threshold
    }

    private static func labels(
        _ tree: TreeReader, example: String, errors: inout MappingErrors
    ) -> (labels: Labels, other: SecurityFinding.Severity.Label?)? {
        guard let entries = tree.entries(limit: maximumEntries, example: example, errors: &errors) else { return nil }
        var labels: Labels = [:]
        for (text, value) in entries { labels[text] = value.word(SecurityFinding.Severity.Label.self, errors: &errors) }
        let other = labels.removeValue(forKey: "default")
        return (labels, other)
    }
}
