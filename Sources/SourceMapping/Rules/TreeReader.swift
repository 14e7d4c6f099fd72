import Encoding
package import JSON

/// Reads a value of a file's tree. A value of another kind is added to the errors, and the result is nil.
package struct TreeReader: Sendable {
    /// The value.
    package let value: JSON
    /// Its location.
    package let path: TreePath

    /// Makes a reader of a value.
    package init(_ value: JSON, at path: TreePath = .root) {
        self.value = value
        self.path = path
    }

    /// Adds an error about this value.
    package func add(_ problem: String, fix: String, column: Int? = nil, to errors: inout MappingErrors) {
        errors.add(at: path, column: column, problem, fix: fix)
    }

    /// A text that is not empty.
    ///
    /// - Parameters:
    ///   - limit: its maximum length in bytes.
    ///   - example: a valid text, for error messages.
    package func text(limit: Int = 4096, example: String, errors: inout MappingErrors) -> String? {
        guard let text = value.string else {
            add("\(kind) instead of text", fix: "Write text, for example \(example).", to: &errors)
            return nil
        }
        guard !text.isEmpty else {
            add("empty text", fix: "Write text, for example \(example).", to: &errors)
            return nil
        }
        guard text.utf8.count <= limit else {
            add("longer than \(limit) bytes", fix: "Write a shorter text, for example \(example).", to: &errors)
            return nil
        }
        return text
    }

    /// One of an enumeration's words. Letter case matters.
    package func word<Word: RawRepresentable<String> & CaseIterable>(
        _ type: Word.Type, errors: inout MappingErrors
    ) -> Word? {
        let words = Word.allCases.map(\.rawValue)
        let all = words.joined(separator: ", ")
        guard let text = text(example: words.first ?? "", errors: &errors) else { return nil }
        if let word = Word(word: text) { return word }
        let fix =
            switch NearestName.of(text, among: words) {
            case let nearest?: "Write \(nearest). All words: \(all)."
            case nil: "Use one of \(all)."
            }
        add("unknown word \(MessageText.quoted(text))", fix: fix, to: &errors)
        return nil
    }

    /// The elements of a list.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of elements; at least one is required.
    ///   - example: a valid list, for error messages.
    package func elements(limit: Int, example: String, errors: inout MappingErrors) -> [TreeReader]? {
        guard let elements = value.array else {
            add("\(kind) instead of a list", fix: "Write a list, for example \(example).", to: &errors)
            return nil
        }
        guard !elements.isEmpty else {
            add("empty list", fix: "Write at least one element, for example \(example).", to: &errors)
            return nil
        }
        guard elements.count <= limit else {
            add("list of \(elements.count) elements", fix: "Write at most \(limit).", to: &errors)
            return nil
        }
        return elements.enumerated().map { TreeReader($1, at: path.element($0)) }
    }

    /// The members of an object whose names are free, sorted by name.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of members; at least one is required.
    ///   - example: a valid object, for error messages.
    package func entries(
        limit: Int, example: String, errors: inout MappingErrors
    ) -> [(name: UTF8Text, value: TreeReader)]? {
        guard let members = value.object else {
            addNoObject(example: example, to: &errors)
            return nil
        }
        guard !members.isEmpty else {
            add("no keys", fix: "Write at least one key, for example \(example).", to: &errors)
            return nil
        }
        guard members.count <= limit else {
            add("\(members.count) keys", fix: "Write at most \(limit).", to: &errors)
            return nil
        }
        return members.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: TreeReader($0.value, at: path.member($0.key.string))) }
    }

    /// Adds the error that this value is no object.
    func addNoObject(example: String, to errors: inout MappingErrors) {
        let fix = "Write keys and values, for example \(example)."
        add("\(kind) instead of keys and values", fix: fix, to: &errors)
    }

    /// The kind of the value, as a noun.
    package var kind: String {
        switch value {
        case .null: "no value"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "text"
        case .array: "a list"
        case .object: "keys and values"
        }
    }
}
