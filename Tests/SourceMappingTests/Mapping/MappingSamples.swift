import Encoding
import JSON
import SecurityFindings
import Testing

@testable import SourceMapping

/// Mappings of tests, as trees.
enum MappingSamples {
    /// The required keys only.
    static let minimal: JSON.Members = [
        "id": ["$.id"],
        "severity": ["path": "$.risk", "map": ["default": "MEDIUM"]],
        "title": "{$.name}",
        "description": "{$.text}",
        "resources": [["type": "Other", "id": "{$.device}"]],
    ]

    /// The required keys and further ones.
    static func tree(_ members: JSON.Members) -> JSON { .object(minimal.merging(members) { _, new in new }) }

    /// A mapping of the required keys and further ones.
    static func mapping(_ members: JSON.Members = [:]) throws -> Mapping {
        var errors = MappingErrors()
        let mapping = Mapping(reading: TreeReader(tree(members)), errors: &errors)
        try #require(errors.isEmpty, "\(errors)")
        return try #require(mapping)
    }

    /// An item with the required values and further ones.
    static func item(_ members: JSON.Members = [:]) -> JSON {
        let required: JSON.Members = ["id": 7, "name": "Alarm", "text": "Pump runs dry.", "device": "pump-17"]
        return .object(required.merging(members) { _, new in new })
    }
}

extension Mapping {
    /// The finding of an item.
    func finding(_ item: JSON) throws -> MappedFinding {
        guard case .finding(let finding) = try outcome(of: item, in: testContext) else {
            throw NoFinding()
        }
        return finding
    }
}

/// An item became no finding.
struct NoFinding: Error {}
