import Encoding
import JSON

/// Reads the members of an object whose keys are the words of an enumeration.
package struct ObjectReader<Key: RawRepresentable<String> & CaseIterable>: Sendable {
    /// The location of the object.
    package let path: TreePath
    fileprivate let members: JSON.Members

    /// Whether the object has a member, also without a value.
    package func has(_ key: Key) -> Bool { members[key.rawValue] != nil }

    /// Reads a member that may be absent; nil if it is. A key without a value is an error.
    package func optional(_ key: Key, errors: inout MappingErrors) -> TreeReader? {
        guard let value = members[key.rawValue] else { return nil }
        let reader = TreeReader(value, at: path.member(key.rawValue))
        guard !value.isNull else {
            reader.add("no value", fix: "Write a value, or remove the key.", to: &errors)
            return nil
        }
        return reader
    }

    /// Reads a member that must be present; nil if it is not.
    ///
    /// - Parameter example: a valid value, for error messages.
    package func required(_ key: Key, example: String, errors: inout MappingErrors) -> TreeReader? {
        guard has(key) else {
            errors.add(at: path, "missing key \(key.rawValue)", fix: "Add it, for example \(key.rawValue): \(example).")
            return nil
        }
        return optional(key, errors: &errors)
    }
}

extension TreeReader {
    /// Reads an object; nil if the value is none. Each unknown key is an error.
    ///
    /// - Parameters:
    ///   - keys: the known keys. Letter case matters.
    ///   - example: a valid object, for error messages.
    package func object<Key: RawRepresentable<String> & CaseIterable>(
        _ keys: Key.Type, example: String, errors: inout MappingErrors
    ) -> ObjectReader<Key>? {
        guard let members = value.object else {
            addNoObject(example: example, to: &errors)
            return nil
        }
        let unknown = members.keys.filter { Key(word: $0.string) == nil }
        for name in unknown.sorted() { addUnknown(name.string, keys: Key.allCases.map(\.rawValue), to: &errors) }
        return ObjectReader(path: path, members: members)
    }

    private func addUnknown(_ name: String, keys: [String], to errors: inout MappingErrors) {
        // A suggestion costs more than the error, and those past the limit are not shown.
        let nearest = errors.isFull ? nil : NearestName.of(name, among: keys)
        let fix =
            switch nearest {
            case let nearest?: "Did you mean \(nearest)?"
            case nil: "Remove it, or use one of \(keys.joined(separator: ", "))."
            }
        errors.add(at: path.member(name), "unknown key", fix: fix)
    }
}
