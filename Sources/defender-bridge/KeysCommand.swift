import ArgumentParser
import Bridge
import JSON

/// Lists what can be configured.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List the keys of the configuration, with what they mean and their defaults.",
        discussion: """
            A key is given by --set key=value, in the environment by a variable (BRIDGE_LISTEN_ADDRESS for listen.address), \
            or in the file of --config. A secret can be given as a file, too: the key with File appended. AWS settings are \
            AWS's own variables: AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, AWS_CA_BUNDLE and so on.
            """)

    @Flag(help: "Print JSON.")
    var json = false

    func run() {
        if json { print(JSON.array(ConfigurationKey.all.map(Self.json)).prettyPrinted()) } else { print(Self.table) }
    }

    private static func json(_ key: ConfigurationKey) -> JSON {
        [
            "key": .string(key.name), "environment": .string(key.environmentVariable),
            "value": .string(key.placeholder),
            "help": .string(key.help), "isSecret": .bool(key.isSecret),
        ]
    }

    /// The keys by the first part of their name, in lines that fit a terminal of 80 columns.
    private static var table: String {
        var lines: [String] = []
        var group: Substring?
        for key in ConfigurationKey.all {
            let first = key.name.prefix { $0 != "." }
            if first != group { lines += (group == nil ? [] : [""]) + [first.uppercased()] }
            group = first
            lines += ["  \(key.name)=\(key.placeholder)"] + wrapped(key.help, to: 72).map { "      " + $0 }
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
