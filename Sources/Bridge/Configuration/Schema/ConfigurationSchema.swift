package import JSON

/// The JSON Schema (2020-12) of the configuration file, by which editors check it and complete keys. Made from the
/// declarations of the keys.
package enum ConfigurationSchema {
    /// The schema.
    package static var json: JSON {
        var schema = group("")
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["title"] = "Configuration of Defender Bridge"
        schema["description"] =
            "Generated from the declarations of the keys. defender-bridge config validate checks more."
        schema["$defs"] = .object(definitions)
        // Keys may be written with dots. As patterns they are accepted, and editors do not offer them.
        schema["patternProperties"] = .object(
            members(of: keys) { ("^" + $0.name.replacing(".", with: "\\.") + "$", reference($0.name)) })
        return .object(schema)
    }

    /// A key with the schema of its values.
    private struct Key {
        let name: String
        let schema: ValueSchema
        let help: String
    }

    private static let keys = ConfigurationKey.all.flatMap { key in
        [Key(name: key.name, schema: key.schema, help: key.help)]
            + (key.isSecret
                ? [Key(name: key.name + "File", schema: .text, help: "File that contains \(key.name).")] : [])
    }

    private static var definitions: JSON.Members {
        var definitions = members(of: keys) { ($0.name, $0.schema.nullable.json(description: $0.help)) }
        definitions["source"] = SourceSchema.json
        return definitions
    }

    /// The object with the keys that begin with a prefix, and the groups of further keys.
    private static func group(_ prefix: String) -> JSON.Members {
        var properties: JSON.Members = [:]
        for key in keys where key.name.hasPrefix(prefix) {
            let rest = key.name.dropFirst(prefix.count)
            let name = String(rest.prefix { $0 != "." })
            guard properties[UTF8Text(name)] == nil else { continue }
            properties[UTF8Text(name)] = rest.contains(".") ? .object(group(prefix + name + ".")) : reference(key.name)
        }
        if prefix.isEmpty { properties["sources"] = sources }
        return ["type": ["object", "null"], "properties": .object(properties), "additionalProperties": false]
    }

    private static let sources: JSON = [
        "type": ["object", "null"], "propertyNames": SourceSchema.name, "additionalProperties": reference("source"),
        "description": "Senders other than Device Defender, by name.",
    ]

    private static func reference(_ definition: String) -> JSON { ["$ref": .string("#/$defs/" + definition)] }

    private static func members(of keys: [Key], _ member: (Key) -> (String, JSON)) -> JSON.Members {
        JSON.Members(keys.map(member).map { (UTF8Text($0), $1) }) { first, _ in first }
    }
}
