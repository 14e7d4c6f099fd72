import AWSCore
package import JSON
import SNS
import SourceMapping

/// The mapped sources of a configuration, and the built-in mappings.
package struct SourceList: Sendable {
    private let sources: [SourceConfiguration]
    private let mappings: [MappingFile]

    /// Lists the sources of a configuration.
    package init(_ configuration: BridgeConfiguration) throws(ConfigurationError) {
        sources = configuration.sources
        var mappings: [MappingFile] = []
        for mapping in BuiltInMapping.allCases { mappings.append(try MappingFile(mapping)) }
        self.mappings = mappings
    }

    /// The list as text.
    package var text: String {
        let sources = sources.map { [$0.name, $0.mapping.name, $0.channels.joined(separator: ", ")] }
        let mappings = mappings.map { [$0.name, $0.mapping.about ?? ""] }
        return
            (["SOURCES"] + (sources.isEmpty ? ["  none"] : Self.columns(sources)) + ["", "BUILT-IN MAPPINGS"]
            + Self.columns(mappings)).joined(separator: "\n")
    }

    private static func columns(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.dropLast().map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "  " + (padded + row.suffix(1)).joined(separator: "  ")
        }
    }

    /// The list as JSON.
    package var json: JSON {
        ["sources": .array(sources.map(\.json)), "mappings": .array(mappings.map(Self.json))]
    }

    private static func json(_ file: MappingFile) -> JSON {
        [
            "name": .string(file.name), "about": file.mapping.about.map(JSON.string) ?? .null,
            "archives": .bool(file.mapping.canArchive), "tests": .integer(file.mapping.tests.count),
        ]
    }
}

extension SourceConfiguration {
    /// How items arrive.
    fileprivate var channels: [String] {
        (topics.patterns.isEmpty ? [] : ["sns"]) + (events.isEmpty ? [] : ["eventBridge"])
            + (webhook == nil ? [] : ["webhook"])
    }

    /// The settings, without secrets.
    fileprivate var json: JSON {
        [
            "name": .string(name), "mapping": .string(mapping.name), "channels": .array(channels.map(JSON.string)),
            "topics": .array(topics.patterns.map { .string($0.description) }),
            "account": webhook.map { .string($0.accountRegion.account.digits) } ?? .null,
            "region": webhook.map { .string($0.accountRegion.region.name) } ?? .null,
            "rateLimit": rateLimit.map { JSON.integer($0) } ?? .null,
            "expireAfterSeconds": expireAfter.map { JSON.integer($0.components.seconds) } ?? .null,
        ]
    }
}
