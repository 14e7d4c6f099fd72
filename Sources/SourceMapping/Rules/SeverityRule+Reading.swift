import JSON
package import SecurityFindings

extension SeverityRule {
    /// The maximum number of steps.
    package static let maximumSteps = 32
    /// The maximum number of texts in a map, including `default`.
    package static let maximumEntries = 256

    private enum Key: String, CaseIterable { case path, steps, map }
    private enum StepKey: String, CaseIterable { case atLeast, `is` }

    private static let stepsExample = "[{atLeast: 7, is: HIGH}, {is: LOW}]"
    private static let mapExample = "{Critical: CRITICAL, default: MEDIUM}"

    /// Reads `{path, steps: [{atLeast, is}, …, {is}]}` or `{path, map: {text: LABEL, …, default: LABEL}}`.
    ///
    /// Thresholds descend, and the last step has none. The key `default` of a map is optional.
    package init?(reading tree: TreeReader, errors: inout MappingErrors) {
        let example = "{path: $.risk, steps: \(Self.stepsExample)}"
        guard let object = tree.object(Key.self, example: example, errors: &errors) else { return nil }
        let path = object.required(.path, example: "$.risk", errors: &errors)?.itemPath(errors: &errors)
        let scale = Self.scale(object, errors: &errors)
        guard let path, let scale else { return nil }
        self.init(path: path, scale: scale)
    }

    private static func scale(_ object: ObjectReader<Key>, errors: inout MappingErrors) -> Scale? {
        guard object.has(.steps) || object.has(.map) else {
            errors.add(
                at: object.path, "neither steps nor map",
                fix: "Add steps: \(stepsExample) for numbers, or map: \(mapExample) for words.")
            return nil
        }
        if object.has(.steps), object.has(.map) {
            errors.add(at: object.path, "both steps and map", fix: "Keep steps for numbers, or map for words.")
        }
        let steps = object.optional(.steps, errors: &errors).flatMap { Self.steps($0, errors: &errors) }
        let map = object.optional(.map, errors: &errors).flatMap { Self.map($0, errors: &errors) }
        return steps ?? map
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

    private static func map(_ tree: TreeReader, errors: inout MappingErrors) -> Scale? {
        guard let entries = tree.entries(limit: maximumEntries, example: mapExample, errors: &errors) else {
            return nil
        }
        var labels: [UTF8Text: SecurityFinding.Severity.Label] = [:]
        for (text, value) in entries { labels[text] = value.word(SecurityFinding.Severity.Label.self, errors: &errors) }
        let other = labels.removeValue(forKey: "default")
        return .map(labels, default: other)
    }
}
