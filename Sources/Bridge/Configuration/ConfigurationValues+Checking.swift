import SNS

extension ConfigurationValues {
    /// Checks all values: each by itself, those that belong together, and the sources.
    ///
    /// - Parameter runsMappingTests: whether the tests of the sources' mappings must pass.
    /// - Returns: the sources.
    /// - Throws: ``ConfigurationError`` with all problems.
    func check(runsMappingTests: Bool) throws(ConfigurationError) -> MappedSources {
        var errors = nameErrors
        for declaration in ConfigurationKeys.declarations {
            collect(&errors) { () throws(ConfigurationError) in try declaration.check(try text(declaration.key)) }
        }
        var topics: TopicPolicy?
        collect(&errors) { () throws(ConfigurationError) in topics = try self.topics() }
        collect(&errors) { () throws(ConfigurationError) in _ = try tlsFiles() }
        collect(&errors) { () throws(ConfigurationError) in try checkProxyProtocol() }
        collect(&errors) { () throws(ConfigurationError) in _ = try adminAccess() }
        collect(&errors) { () throws(ConfigurationError) in _ = try eventBridgeTokens() }
        collect(&errors) { () throws(ConfigurationError) in _ = try accountRoles() }
        var sources = MappedSources()
        collect(&errors) { () throws(ConfigurationError) in
            sources = try mappedSources(topics: topics, runsTests: runsMappingTests)
        }
        try errors.throwIfAny()
        return sources
    }

    /// Adds the problems of a closure, with the lines of their keys.
    private func collect(_ errors: inout ConfigurationErrors, _ body: () throws(ConfigurationError) -> Void) {
        do throws(ConfigurationError) {
            try body()
        } catch {
            for error in error.all {
                errors.add(
                    ConfigurationError(error.key, error.problem, at: error.location ?? location(of: error.key)))
            }
        }
    }
}
