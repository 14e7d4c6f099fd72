import SNS

extension ConfigurationValues {
    /// Reads `sources`, and their secrets from the environment.
    ///
    /// - Parameters:
    ///   - topics: `sns.topics`.
    ///   - environment: the process's environment.
    ///   - path: the path of the configuration file.
    /// - Returns: the sources in the order of the file, and digests by key to find changes.
    func mappedSources(
        topics: TopicPolicy, environment: [String: String], path: String?
    ) throws(ConfigurationError) -> (values: [SourceConfiguration], digests: [String: [UInt8]]) {
        var result: (values: [SourceConfiguration], digests: [String: [UInt8]]) = ([], [:])
        var variables: Set<String> = []
        if let sources {
            let regions = Set(try self[\.awsRegions])
            let surroundings = SourcesReader.Surroundings(
                topics: topics, accounts: Set(try self[\.snsAccounts]), regions: regions.isEmpty ? nil : regions,
                folder: path.flatMap(Self.folder), readFile: readFile)
            var reader = SourcesReader(sources, surroundings, environment: environment)
            result.values = try reader.read()
            result.digests = reader.digests(of: result.values)
            variables = reader.secrets.variables
        }
        for (variable, value) in environment.sorted(by: { $0.key < $1.key })
        where SourceSecrets.isVariable(variable) && !variables.contains(variable)
            && !ServiceLink.isServiceLink(variable, value: value)
        {
            throw ConfigurationError(unknownVariable: variable)
        }
        return result
    }

    /// The folder of a path; nil for the working directory.
    private static func folder(of path: String) -> String? {
        path.lastIndex(of: "/").map { String(path[..<$0]) }
    }
}
