/// Validates a configuration without AWS, database and listeners, for `config validate`.
package enum ConfigurationValidation {
    /// Validates the configuration, the TLS files that it names, and AWS's own settings.
    ///
    /// - Parameters:
    ///   - environment: the process's environment, for AWS's own settings.
    ///   - load: reads the configuration.
    /// - Throws: ``ConfigurationError`` with all problems. TLS files are read if the configuration has no problem.
    package static func run(
        environment: [String: String], load: () throws(ConfigurationError) -> BridgeConfiguration
    ) throws(ConfigurationError) -> BridgeConfiguration {
        var errors = ConfigurationErrors()
        let loaded: Result<BridgeConfiguration, ConfigurationError>
        do throws(ConfigurationError) { loaded = .success(try load()) } catch { loaded = .failure(error) }
        errors.collect { () throws(ConfigurationError) in
            if let files = try loaded.get().tls { _ = try TLSCertificate(files) }
        }
        errors.collect { () throws(ConfigurationError) in _ = try BridgeRuntime.settings(environment) }
        errors.collect { () throws(ConfigurationError) in
            _ = try BridgeRuntime.trustStore(try BridgeRuntime.authorities(environment))
        }
        try errors.throwIfAny()
        return try loaded.get()
    }
}
