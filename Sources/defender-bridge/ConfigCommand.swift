import ArgumentParser
import Bridge
import FoundationEssentials
import Glibc
import JSON

/// Shows, validates and describes the configuration.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show or validate the configuration, or print its JSON Schema.",
        discussion: """
            Examples:
              defender-bridge config show
              defender-bridge config validate
            """,
        subcommands: [Show.self, Validate.self, Schema.self])

    /// Shows the effective values.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show the effective values, and what sets them.",
            discussion: """
                The source of a value is the default, the line of the configuration file, an environment variable or --set. \
                Secrets are masked. Of sources, the keys that are set are shown.

                Example:
                  defender-bridge config show --json
                """)

        @OptionGroup(title: "Configuration")
        var options: ConfigurationOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let environment = ProcessInfo.processInfo.environment
            let report = ConfigurationReport(
                try options.load(environment: environment), file: options.path(environment: environment))
            if json { StoreOptions.show(report.json) } else { StoreOptions.show(report.lines) }
        }
    }

    /// Validates the configuration.
    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "validate",
            abstract: "Validate the configuration offline, and print all problems.",
            discussion: """
                Validates all keys, the sources with their mapping files and the tests of these, the files with secrets and \
                the TLS certificate, and AWS's own settings. Uses no network and no store. Each problem is a line with file \
                and line, if the file sets the key.

                Exit code 0: valid. Exit code 78: at least one problem.

                Example:
                  defender-bridge config validate --config ./bridge.yaml
                """)

        @OptionGroup(title: "Configuration")
        var options: ConfigurationOptions

        @Flag(help: QuietHelp.text)
        var quiet = false

        func run() throws {
            let environment = ProcessInfo.processInfo.environment
            let configuration = try ConfigurationValidation.run(environment: environment) {
                () throws(ConfigurationError) in
                try options.load(environment: environment, runsMappingTests: true)
            }
            guard !quiet else { return }
            for warning in configuration.warnings {
                StandardStream.write("defender-bridge: warning: \(warning)\n", to: STDERR_FILENO)
            }
            print("\(options.path(environment: environment) ?? "Configuration"): valid")
        }
    }

    /// Prints the JSON Schema of the configuration file.
    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "schema",
            abstract: "Print the JSON Schema of the configuration file, for editors.",
            discussion: """
                Editors with the YAML language server use it if the file begins with the line \
                # yaml-language-server: $schema=./bridge.schema.json.

                Example:
                  defender-bridge config schema > bridge.schema.json
                """)

        func run() { print(ConfigurationSchema.json.prettyPrinted()) }
    }
}
