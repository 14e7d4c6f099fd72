import ArgumentParser
import Bridge
import JSON

/// Lists the configuration keys.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List the configuration keys with their meaning and default.",
        discussion: """
            Set a key with --set KEY=VALUE, with an environment variable (BRIDGE_LISTEN_ADDRESS for listen.address) or in the \
            configuration file. Precedence: flags, environment variables, the configuration file, defaults. To read a secret from a \
            file, append File to its key, for example admin.tokenFile. The keys of sources are set in the file only, their \
            secrets also by the variables. AWS settings use AWS's own variables, for example \
            AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and AWS_CA_BUNDLE.

            Example:
              defender-bridge keys --json
            """)

    @Flag(help: "Print JSON.")
    var json = false

    func run() {
        if json {
            print(
                JSON.array(ConfigurationKey.all.map(Self.json) + SourceKeyDescription.all.map(Self.json))
                    .prettyPrinted())
        } else {
            print(Self.table)
        }
    }

    private static func json(_ key: ConfigurationKey) -> JSON {
        [
            "key": .string(key.name), "environment": .string(key.environmentVariable),
            "value": .string(key.placeholder), "help": .string(key.help), "isSecret": .bool(key.isSecret),
            "isReloadable": .bool(key.isReloadable),
        ]
    }

    private static func json(_ key: SourceKeyDescription) -> JSON {
        [
            "key": .string(key.name), "environment": key.environmentVariable.map(JSON.string) ?? .null,
            "value": .string(key.placeholder), "help": .string(key.help),
            "isSecret": .bool(key.environmentVariable != nil), "isReloadable": false,
        ]
    }

    /// The keys, grouped by the first part of their name, in lines that fit a terminal of 80 columns.
    private static var table: String {
        var lines: [String] = []
        var group: Substring?
        let keys =
            ConfigurationKey.all.map { ($0.name, "\($0.name)=\($0.placeholder)", $0.help) }
            + SourceKeyDescription.all.map { ($0.name, "\($0.name): \($0.placeholder)", $0.help) }
        for (name, form, help) in keys {
            let first = name.prefix { $0 != "." }
            if first != group { lines += (group == nil ? [] : [""]) + [first.uppercased()] }
            group = first
            lines += ["  \(form)"] + wrapped(help, to: 72).map { "      " + $0 }
        }
        return lines.joined(separator: "\n")
    }

    private static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count >= width { lines.append("") }
            lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
        }
        return lines
    }
}
