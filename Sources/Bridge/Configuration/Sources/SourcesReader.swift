import AWSCore
import Cryptography
import FoundationEssentials
import JSON
import SNS
import SourceMapping

/// Reads `sources` of the configuration file, with all problems.
struct SourcesReader {
    /// What other keys say.
    struct Surroundings {
        /// `sns.topics`; nil if they are not valid.
        let topics: TopicPolicy?
        /// `sns.accounts`
        let accounts: Set<AccountID>
        /// `aws.regions`; nil for all.
        let regions: Set<Region>?
        /// The folder of the configuration file; nil for the working directory.
        let folder: String?
        /// Whether the tests of the mappings must pass.
        let runsTests: Bool
        let readFile: (String) throws(ConfigurationError) -> [UInt8]
    }

    let tree: YAMLTree
    let surroundings: Surroundings
    var secrets: SourceSecrets
    var errors = MappingErrors()
    /// The topics of all sources, also of those with problems.
    private(set) var topics: [(source: String, topics: TopicPolicy)] = []
    /// Problems of mapping files, and those that have no parts.
    private var others: [ConfigurationError] = []

    init(_ tree: YAMLTree, _ surroundings: Surroundings, environment: [String: String]) {
        self.tree = tree
        self.surroundings = surroundings
        secrets = SourceSecrets(environment: environment, readFile: surroundings.readFile)
    }

    /// Reads all sources, in the order of the file.
    ///
    /// - Throws: ``ConfigurationError`` with all problems.
    mutating func read() throws(ConfigurationError) -> [SourceConfiguration] {
        var sources: [SourceConfiguration] = []
        if let members = tree.value.object {
            for name in tree.names {
                let reader = TreeReader(members[name] ?? .null, at: tree.path.member(name))
                if let source = source(named: name, reader) { sources.append(source) }
            }
        } else {
            tree.reader.add(
                "\(tree.reader.kind) instead of sources", fix: "Write a name with keys, for example plant-nozomi.",
                to: &errors)
        }
        checkTopics()
        if let error = ConfigurationError(all: tree.errors(errors) + others) { throw error }
        return sources
    }

    /// Digests of everything that was read, to find changes: of the order of the sources by the key `sources`, and of each
    /// source by the key `sources.NAME`.
    func digests(of sources: [SourceConfiguration]) -> [String: [UInt8]] {
        func digest(_ parts: [[UInt8]]) -> [UInt8] { Digest.sha256(Array(parts.joined(separator: [0]))) }
        var digests = ["sources": digest(sources.map { Array($0.name.utf8) })]
        for source in sources {
            let texts = secrets.texts.filter { $0.source == source.name }.map(\.text) + [source.mapping.text]
            let tree = tree.value[source.name] ?? .null
            digests["sources.\(source.name)"] = digest([tree.serialized()] + texts.map { Array($0.utf8) })
        }
        return digests
    }

    // MARK: A source

    private mutating func source(named name: String, _ reader: TreeReader) -> SourceConfiguration? {
        if !SourceConfiguration.isName(name) {
            reader.add(
                "invalid name of a source", fix: "Use 1 to 64 lowercase letters, digits and dashes.", to: &errors)
        }
        guard let object = reader.object(SourceKey.self, example: "mapping: nozomi", errors: &errors) else {
            return nil
        }
        if ![SourceKey.topics, .events, .webhook].contains(where: object.has) {
            reader.add("no topics, events or webhook", fix: "Add at least one of them.", to: &errors)
        }
        let mapping = mapping(object)
        let topics = readTopics(object)
        if let topics { self.topics.append((name, topics)) }
        let events = object.optional(.events, errors: &errors)?.eventPatterns(errors: &errors) ?? []
        let accounts = eventAccounts(object)
        let webhook = object.optional(.webhook, errors: &errors).flatMap { self.webhook($0, of: name) }
        let rateLimit = object.optional(.rateLimit, errors: &errors).flatMap { self.rateLimit($0) }
        let expireAfter = object.optional(.expireAfter, errors: &errors).flatMap {
            value($0, of: .duration(from: "1m", to: "85d"), example: "7d")
        }
        if let mapping, !mapping.mapping.canArchive, !object.has(.expireAfter) {
            reader.add(
                "missing key expireAfter, which is required because mapping \(mapping.name) archives no finding",
                fix: "Add it, for example expireAfter: 7d.", to: &errors)
        }
        let deviceAttribute = object.optional(.deviceAttribute, errors: &errors).flatMap {
            self.deviceAttribute($0, of: mapping)
        }
        guard let mapping, let topics else { return nil }
        return SourceConfiguration(
            name: name, mapping: mapping, topics: topics, events: events, eventAccounts: accounts, webhook: webhook,
            rateLimit: rateLimit, expireAfter: expireAfter, deviceAttribute: deviceAttribute)
    }

    private mutating func deviceAttribute(_ reader: TreeReader, of mapping: MappingFile?) -> String? {
        guard let name = reader.text(example: "thingName", errors: &errors) else { return nil }
        if let mapping, !mapping.isCloudWatchAlarm {
            reader.add(
                "only the mapping cloudwatch-alarm uses it", fix: "Remove the key, and use paths in the mapping file.",
                to: &errors)
        }
        guard (1...255).contains(name.utf8.count) else {
            reader.add("invalid value", fix: "Use the name of a field of the alarm's query.", to: &errors)
            return nil
        }
        return name
    }

    private mutating func mapping(_ object: ObjectReader<SourceKey>) -> MappingFile? {
        guard let reader = object.required(.mapping, example: "nozomi", errors: &errors),
            let name = reader.text(example: "nozomi", errors: &errors)
        else { return nil }
        let key = "\(reader.path)"
        do throws(ConfigurationError) {
            let file = try MappingFile(
                named: name, in: surroundings.folder, key: key, readFile: surroundings.readFile)
            if surroundings.runsTests { others += MappingTestReport(file).errors.filter { !others.contains($0) } }
            return file
        } catch {
            if error.key == key {
                add("\(error.problem)", at: reader.path)
            } else if !others.contains(error) {
                others.append(error)
            }
            return nil
        }
    }

    /// Adds a problem that contains its fix.
    private mutating func add(_ problem: String, at path: TreePath) {
        others.append(ConfigurationError("\(tree.file):\(tree.line(of: path))", "\(path): \(problem)"))
    }

    private mutating func eventAccounts(_ object: ObjectReader<SourceKey>) -> SourceConfiguration.EventAccounts? {
        guard object.has(.events) else {
            if let reader = object.optional(.accounts, errors: &errors) {
                reader.add("accounts without events", fix: "Add events, or remove the key.", to: &errors)
            }
            return nil
        }
        guard let reader = object.required(.accounts, example: "all", errors: &errors) else { return nil }
        guard reader.value != "all" else { return .all }
        let example = "[\"111122223333\"], or all"
        guard let elements = reader.elements(limit: 10_000, example: example, errors: &errors) else { return nil }
        return .listed(Set(elements.compactMap { value($0, of: .account, example: "\"111122223333\"") }))
    }

    private mutating func rateLimit(_ reader: TreeReader) -> Int? {
        let range = 1...100_000
        guard let limit = reader.value.integer.flatMap({ Int(exactly: $0) }), range.contains(limit) else {
            reader.add(
                "invalid value", fix: "Use a whole number from \(range.lowerBound) to \(range.upperBound).", to: &errors
            )
            return nil
        }
        return limit
    }

    /// Reads a text of a type.
    mutating func value<Value>(_ reader: TreeReader, of type: ValueType<Value>, example: String) -> Value? {
        guard let text = reader.text(example: example, errors: &errors) else { return nil }
        guard let value = try? type.read(text) else {
            let expected = type.expected.replacing("{example}", with: example)
            reader.add("invalid value \"\(text)\"", fix: "Use \(expected).", to: &errors)
            return nil
        }
        return value
    }
}
