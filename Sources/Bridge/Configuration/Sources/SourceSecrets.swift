import Intake
import JSON
import SourceMapping

/// Reads the secrets of sources: from an environment variable, the file that it names, the configuration file, or the file
/// that a key names, whichever is set first.
struct SourceSecrets {
    /// The maximum number of secrets of a key: two are accepted during a rotation.
    private static let maximumCount = 2
    private static let prefix = "BRIDGE_SOURCES_"

    let environment: [String: String]
    let readFile: (String) throws(ConfigurationError) -> [UInt8]
    /// The variables of the sources, whether they are set or not.
    private(set) var variables: Set<String> = []
    /// All secrets that were read, to find changes.
    private(set) var texts: [(source: String, text: String)] = []
    /// The variables that set secrets.
    private(set) var overrides: [Override] = []

    /// A variable that takes precedence over a key of the file.
    struct Override {
        /// Where the key is, or would be.
        let path: TreePath
        let variable: String
        /// The file that the variable with `_FILE` appended names; nil if the variable itself has the secret.
        let file: String?
    }

    init(environment: [String: String], readFile: @escaping (String) throws(ConfigurationError) -> [UInt8]) {
        self.environment = environment
        self.readFile = readFile
    }

    /// Whether an environment variable has the form of a source's secret.
    static func isVariable(_ name: String) -> Bool { name.hasPrefix(prefix) }

    /// The environment variable of a source's secret, for example `BRIDGE_SOURCES_PLANT_NOZOMI_SECRET`.
    static func variable(_ key: String, of source: String) -> String {
        prefix + "\(source)_\(key)".uppercased().replacing("-", with: "_")
    }

    /// Reads the values of a key: a text, a list of texts, or the lines of a file or variable.
    ///
    /// - Parameters:
    ///   - key: the key of the value.
    ///   - fileKey: the key of the file that contains the value.
    ///   - object: where both stand.
    ///   - source: the name of the source.
    ///   - minimumLength: the minimum length of a value in bytes.
    ///   - maximumCount: the maximum number of values.
    ///   - errors: gets the problems, without values.
    /// - Returns: no values if there are problems.
    mutating func read<Key: RawRepresentable<String> & CaseIterable>(
        _ key: Key, file fileKey: Key, in object: ObjectReader<Key>, of source: String, minimumLength: Int = 16,
        maximumCount: Int = maximumCount, errors: inout MappingErrors
    ) -> [String] {
        let path = object.path.member(key.rawValue)
        let variable = Self.variable(key.rawValue, of: source)
        variables.formUnion([variable, variable + "_FILE"])
        let values: [String]?
        if let found = fromEnvironment(variable, at: path, errors: &errors) {
            values = found
            let file = environment[variable + "_FILE"].map(ConfigurationValues.trimmed) ?? ""
            overrides.append(Override(path: path, variable: variable, file: file.isEmpty ? nil : file))
        } else if object.has(key), object.has(fileKey) {
            errors.add(
                at: object.path.member(fileKey.rawValue), "\(key.rawValue) is set, too", fix: "Set only one of the two."
            )
            return []
        } else if object.has(fileKey) {
            values = object.optional(fileKey, errors: &errors)?.text(example: "/run/secrets/key", errors: &errors)
                .flatMap { lines(ofFile: $0, at: object.path.member(fileKey.rawValue), errors: &errors) }
        } else if object.has(key) {
            values = object.optional(key, errors: &errors).flatMap { Self.texts($0, errors: &errors) }
        } else {
            errors.add(
                at: object.path, "missing key \(key.rawValue)",
                fix: "Add it or \(fileKey.rawValue), or set \(variable).")
            return []
        }
        guard let values, Self.check(values, minimumLength, maximumCount, at: path, errors: &errors) else { return [] }
        texts += values.map { (source, $0) }
        return values
    }

    /// The values of a variable or of the file that it names; nil if neither is set, none if there is a problem.
    private func fromEnvironment(_ variable: String, at path: TreePath, errors: inout MappingErrors) -> [String]? {
        let fileVariable = variable + "_FILE"
        let text = environment[variable].map(ConfigurationValues.trimmed) ?? ""
        let file = environment[fileVariable].map(ConfigurationValues.trimmed) ?? ""
        switch (text.isEmpty, file.isEmpty) {
        case (true, true): return nil
        case (false, true): return Self.lines(text)
        case (true, false): return lines(ofFile: file, at: path, errors: &errors) ?? []
        case (false, false):
            errors.add(at: path, "\(variable) and \(fileVariable) are both set", fix: "Set only one of the two.")
            return []
        }
    }

    private func lines(ofFile file: String, at path: TreePath, errors: inout MappingErrors) -> [String]? {
        guard let bytes = try? readFile(file) else {
            errors.add(at: path, "cannot read \(file)", fix: "Check the path and the permissions of the file.")
            return nil
        }
        let lines = Self.lines(String(decoding: bytes, as: UTF8.self))
        guard lines.isEmpty else { return lines }
        errors.add(at: path, "the file is empty", fix: "Write the value into it.")
        return nil
    }

    private static func lines(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { ConfigurationValues.trimmed(String($0)) }.filter { !$0.isEmpty }
    }

    private static func texts(_ tree: TreeReader, errors: inout MappingErrors) -> [String]? {
        let example = "a random text"
        guard tree.value.array != nil else { return tree.text(example: example, errors: &errors).map { [$0] } }
        guard let elements = tree.elements(limit: maximumCount, example: "[new, old]", errors: &errors) else {
            return nil
        }
        let texts = elements.compactMap { $0.text(example: example, errors: &errors) }
        return texts.count == elements.count ? texts : nil
    }

    /// Checks number and lengths; no values had a problem that is reported already.
    private static func check(
        _ values: [String], _ minimumLength: Int, _ maximumCount: Int, at path: TreePath, errors: inout MappingErrors
    ) -> Bool {
        if values.count > maximumCount {
            errors.add(
                at: path, "more than \(maximumCount) values", fix: "Remove those that senders no longer use.")
            return false
        }
        if values.contains(where: { $0.utf8.count < minimumLength }) {
            errors.add(
                at: path, "value of fewer than \(minimumLength) bytes", fix: "Use a random one of at least that length."
            )
            return false
        }
        return !values.isEmpty
    }
}
