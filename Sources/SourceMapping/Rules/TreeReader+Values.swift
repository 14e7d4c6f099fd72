import JSON

extension TreeReader {
    private enum AlternativesKey: String, CaseIterable { case first }

    /// The elements of `{first: [value, …]}`.
    private func alternatives(limit: Int, example: String, errors: inout MappingErrors) -> [TreeReader]? {
        object(AlternativesKey.self, example: "first: \(example)", errors: &errors)?
            .required(.first, example: example, errors: &errors)?
            .elements(limit: limit, example: example, errors: &errors)
    }

    /// A path into the item.
    package func path(errors: inout MappingErrors) -> JSONPath? {
        guard let text = text(example: "$.name", errors: &errors) else { return nil }
        do throws(JSONPathError) {
            return try JSONPath(parsing: text)
        } catch {
            add(error.problem, fix: error.fix, column: error.column, to: &errors)
            return nil
        }
    }

    /// A path into the item, or `{first: [path, …]}`.
    package func itemPath(errors: inout MappingErrors) -> ItemPath? {
        guard value.object != nil else { return path(errors: &errors).map { ItemPath([$0]) } }
        let limit = ItemPath.maximumAlternatives
        guard let list = alternatives(limit: limit, example: "[$.name, $.address]", errors: &errors) else { return nil }
        let paths = list.map { $0.path(errors: &errors) }
        let valid = paths.compactMap(\.self)
        return valid.count == paths.count ? ItemPath(valid) : nil
    }

    /// An event pattern.
    package func eventPattern(errors: inout MappingErrors) -> EventPattern? {
        do throws(EventPatternError) {
            return try EventPattern(value)
        } catch {
            let location = error.location.isEmpty ? "" : "\(error.location): "
            add(location + error.problem, fix: error.fix, to: &errors)
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
    /// - Parameter form: how values stand in the text.
    package func template(
        as form: ValueForm = .plain, errors: inout MappingErrors
    ) -> Template? {
        guard let text = text(limit: Template.maximumLength, example: "Alarm {$.name}", errors: &errors) else {
            return nil
        }
        do throws(TemplateError) {
            return try Template(parsing: text, as: form)
        } catch {
            add(error.problem, fix: error.fix, column: error.column, to: &errors)
            return nil
        }
    }

    /// A template, or `{first: [template, …]}`.
    ///
    /// - Parameter form: how values stand in the text.
    package func textRule(
        as form: ValueForm = .plain, errors: inout MappingErrors
    ) -> TextRule? {
        guard value.object != nil else {
            return template(as: form, errors: &errors).map { TextRule([$0]) }
        }
        let example = "[\"{$.name}\", \"{$.address}\"]"
        let limit = TextRule.maximumAlternatives
        guard let list = alternatives(limit: limit, example: example, errors: &errors) else { return nil }
        let templates = list.map { $0.template(as: form, errors: &errors) }
        let valid = templates.compactMap(\.self)
        return valid.count == templates.count ? TextRule(valid) : nil
    }
}
