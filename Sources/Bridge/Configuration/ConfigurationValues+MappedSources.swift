import SNS

/// The sources of a configuration.
struct MappedSources {
    /// The sources, in the order of the file.
    var values: [SourceConfiguration] = []
    /// Digests by key, to find changes.
    var digests: [String: [UInt8]] = [:]
    /// What the file and variables set, without secrets.
    var settings: [ConfigurationSetting] = []
}

extension ConfigurationValues {
    /// Reads `sources`, and their secrets from the environment.
    ///
    /// - Parameters:
    ///   - topics: `sns.topics`; nil if they are not valid.
    ///   - runsTests: whether the tests of the mappings must pass.
    func mappedSources(topics: TopicPolicy?, runsTests: Bool) throws(ConfigurationError) -> MappedSources {
        var result = MappedSources()
        var variables: Set<String> = []
        if let sources {
            // Problems of other keys are reported with these.
            let regions = Set((try? self[\.awsRegions]) ?? [])
            let surroundings = SourcesReader.Surroundings(
                topics: topics, accounts: Set((try? self[\.snsAccounts]) ?? []),
                regions: regions.isEmpty ? nil : regions, folder: path.flatMap(Self.folder), runsTests: runsTests,
                readFile: readFile)
            var reader = SourcesReader(sources, surroundings, environment: environment)
            result.values = try reader.read()
            result.digests = reader.digests(of: result.values)
            result.settings = reader.settings
            variables = reader.secrets.variables
        }
        var errors = ConfigurationErrors()
        for (variable, value) in environment.sorted(by: { $0.key < $1.key })
        where SourceSecrets.isVariable(variable) && !variables.contains(variable)
            && !ServiceLink.isServiceLink(variable, value: value)
        {
            errors.add(ConfigurationError(unknownVariable: variable, among: variables.sorted()))
        }
        try errors.throwIfAny()
        return result
    }

    /// The folder of a path; nil for the working directory.
    private static func folder(of path: String) -> String? {
        path.lastIndex(of: "/").map { String(path[..<$0]) }
    }
}
