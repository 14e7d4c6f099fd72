import JSON

extension TreeReader {
    /// A path into the item.
    package func itemPath(errors: inout MappingErrors) -> ItemPath? {
        guard let text = text(example: "$.name", errors: &errors) else { return nil }
        do throws(JSONPathError) {
            return try ItemPath(parsing: text, )
        } catch {
            add(error.problem, fix: error.fix, column: error.column, to: &errors)
            return nil
        }
    }

    /// A list of paths into the item, in order.
    ///
    /// - Parameter limit: the maximum number of paths; at least one is required.
    package func itemPaths(limit: Int, errors: inout MappingErrors) -> [ItemPath]? {
        guard let elements = elements(limit: limit, example: "[$.id]", errors: &errors) else { return nil }
        let paths = elements.map { $0.itemPath(errors: &errors) }
        let valid = paths.compactMap(\.self)
        return valid.count == paths.count ? valid : nil
    }

    /// A template.
    ///
    /// - Parameter replacesSlashes: whether each `/` in a value becomes `-`; for finding types.
    package func template(
        replacesSlashes: Bool = false, errors: inout MappingErrors
    ) -> Template? {
        guard let text = text(limit: Template.maximumLength, example: "Alarm {$.name}", errors: &errors) else {
            return nil
        }
        do throws(TemplateError) {
            return try Template(parsing: text, replacesSlashes: replacesSlashes)
        } catch {
            add(error.problem, fix: error.fix, column: error.column, to: &errors)
            return nil
        }
    }

    private enum AlternativesKey: String, CaseIterable { case first }

    /// A template, or `{first: [template, …]}`.
    ///
    /// - Parameter replacesSlashes: whether each `/` in a value becomes `-`; for finding types.
    package func textRule(
        replacesSlashes: Bool = false, errors: inout MappingErrors
    ) -> TextRule? {
        guard value.object != nil else {
            return template(replacesSlashes: replacesSlashes, errors: &errors).map { TextRule([$0]) }
        }
        let example = "[\"{$.name}\", \"{$.address}\"]"
        guard let object = object(AlternativesKey.self, example: "first: \(example)", errors: &errors),
            let list = object.required(.first, example: example, errors: &errors)?
                .elements(limit: TextRule.maximumAlternatives, example: example, errors: &errors)
        else { return nil }
        let templates = list.map { $0.template(replacesSlashes: replacesSlashes, errors: &errors) }
        let valid = templates.compactMap(\.self)
        return valid.count == templates.count ? TextRule(valid) : nil
    }
}
