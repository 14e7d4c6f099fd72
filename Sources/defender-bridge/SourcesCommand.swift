import ArgumentParser
import Bridge
import FoundationEssentials
import JSON

/// Lists, shows and tests mappings, and archives the findings of a source.
struct SourcesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sources",
        abstract: "List mapped sources and built-in mappings, show or test mappings, archive findings of a source.",
        discussion: """
            Example:
              defender-bridge sources show nozomi > my-mapping.yaml
            """,
        subcommands: [List.self, Show.self, Test.self, Archive.self])

    /// Lists the sources and the built-in mappings.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the configured sources and the built-in mappings.",
            discussion: """
                Example:
                  defender-bridge sources list
                """)

        @OptionGroup(title: "Configuration")
        var options: ConfigurationOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let list = try SourceList(try options.load(environment: ProcessInfo.processInfo.environment))
            print(json ? list.json.prettyPrinted() : list.text)
        }
    }

    /// Prints a mapping.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print the mapping of a source, or a built-in mapping, as YAML.",
            discussion: """
                Example:
                  defender-bridge sources show alertmanager
                """)

        @Argument(
            help: ArgumentHelp("Name of a configured source or of a built-in mapping.", valueName: "name"))
        var name: String

        @OptionGroup(title: "Configuration")
        var options: ConfigurationOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let file = try options.mapping(named: name, key: "NAME")
            guard !json else {
                let output: JSON = ["name": .string(file.name), "mapping": file.tree]
                return print(output.prettyPrinted())
            }
            print(file.text, terminator: file.text.hasSuffix("\n") ? "" : "\n")
        }
    }

    /// Runs the tests of mappings.
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test",
            abstract: "Run the tests of a mapping; without a name, those of all sources and built-in mappings.",
            discussion: """
                Exit code 0: all tests passed. Exit code 1: at least one failed. Exit code 78: a mapping is not valid; each \
                problem is a line with file, line and key.

                Example:
                  defender-bridge sources test ./my-mapping.yaml
                """)

        @Argument(
            help: ArgumentHelp(
                "Name of a configured source or of a built-in mapping, or a mapping file (with / or .yaml).",
                valueName: "name"))
        var name: String?

        @OptionGroup(title: "Configuration")
        var options: ConfigurationOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let reports = try files().map { MappingTestReport($0) }
            if json {
                print(JSON.array(reports.map(\.json)).prettyPrinted())
            } else {
                for line in reports.flatMap(\.lines) { print(line) }
            }
            guard reports.allSatisfy(\.hasPassed) else { throw ExitCode(1) }
        }

        private func files() throws -> [MappingFile] {
            if let name { return [try options.mapping(named: name, key: "NAME")] }
            let sources = try options.load(environment: ProcessInfo.processInfo.environment).sources
            let builtIn = try BuiltInMapping.allCases.map { mapping in try MappingFile(mapping) }
            var names: Set<String> = []
            return (builtIn + sources.map(\.mapping)).filter { names.insert($0.name).inserted }
        }
    }
}

extension ConfigurationOptions {
    /// Reads the mapping of a configured source, a built-in mapping, or a mapping file.
    ///
    /// - Parameter key: the argument or option that names it, for errors.
    func mapping(named name: String, key: String) throws -> MappingFile {
        let sources = try load(environment: ProcessInfo.processInfo.environment).sources
        if let source = sources.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return source.mapping }
        return try MappingFile(named: name, key: key) { path throws(ConfigurationError) in
            try ConfigurationFile.read(path, key: key)
        }
    }
}
