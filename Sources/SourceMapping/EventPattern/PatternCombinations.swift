import JSON

/// The ways in which an object can match: `$or` adds alternatives, and several lists of them multiply.
///
/// Expanding them lets fields inside and outside of `$or` match in the same element of an array. The limits are checked
/// before the expansion.
struct PatternCombinations {
    private(set) var nodes: [EventPatternNode]
    /// The number of fields of all nodes.
    private var fieldCount: Int

    static let none = PatternCombinations(nodes: [], fieldCount: 0)
    static let unconditional = PatternCombinations(EventPatternNode(fields: []))

    private init(nodes: [EventPatternNode], fieldCount: Int) {
        self.nodes = nodes
        self.fieldCount = fieldCount
    }

    init(_ node: EventPatternNode) { self.init(nodes: [node], fieldCount: node.fieldCount) }

    /// The same conditions on the member of an object.
    func nested(in name: UTF8Text) -> PatternCombinations {
        let nodes = nodes.map { EventPatternNode(fields: [.init(name: name, condition: .object($0))]) }
        return PatternCombinations(nodes: nodes, fieldCount: fieldCount + nodes.count)
    }

    /// Adds alternatives.
    mutating func append(_ other: PatternCombinations, at location: PatternLocation) throws(EventPatternError) {
        try Self.check(nodes.count + other.nodes.count, fields: fieldCount + other.fieldCount, at: location)
        nodes += other.nodes
        fieldCount += other.fieldCount
    }

    /// Adds a condition: each way of one with each way of the other.
    ///
    /// - Parameters:
    ///   - location: the location of the other condition.
    ///   - join: adds the fields of a node to another one.
    mutating func multiply(
        by other: PatternCombinations, at location: PatternLocation,
        joining join: (inout EventPatternNode, EventPatternNode) throws(EventPatternError) -> Void
    ) throws(EventPatternError) {
        let fields = fieldCount * other.nodes.count + other.fieldCount * nodes.count
        try Self.check(nodes.count * other.nodes.count, fields: fields, at: location)
        fieldCount = fields
        if other.nodes.count == 1 {
            // In place: a pattern without $or costs no copies.
            for index in nodes.indices { try join(&nodes[index], other.nodes[0]) }
            return
        }
        var products: [EventPatternNode] = []
        for node in nodes {
            for otherNode in other.nodes {
                var product = node
                try join(&product, otherNode)
                products.append(product)
            }
        }
        nodes = products
    }

    private static func check(
        _ combinations: Int, fields: Int, at location: PatternLocation
    ) throws(EventPatternError) {
        guard combinations <= EventPattern.maximumCombinations else {
            throw EventPatternError(
                location,
                "the $or lists up to here allow \(combinations) combinations, more than "
                    + "\(EventPattern.maximumCombinations)",
                fix: "Write fewer alternatives, or list several values for one field instead.")
        }
        guard fields <= EventPattern.maximumFields else {
            throw EventPatternError(
                location,
                "all combinations up to here have \(fields) fields, more than \(EventPattern.maximumFields)",
                fix: "Write fewer fields or fewer alternatives.")
        }
    }
}

extension EventPatternNode {
    /// Adds conditions. Objects of the same name become one, so that their fields match in the same element of an array.
    mutating func merge(
        _ other: EventPatternNode, at location: PatternLocation
    ) throws(EventPatternError) {
        for field in other.fields {
            guard let index = fields.firstIndex(where: { $0.name == field.name }) else {
                fields.append(field)
                continue
            }
            let location = location.member(field.name.string)
            guard case .object(var node) = fields[index].condition, case .object(let otherNode) = field.condition
            else {
                throw EventPatternError(
                    location, "the field has two conditions that apply together, inside and outside of $or",
                    fix: "Write the field in one place.")
            }
            try node.merge(otherNode, at: location)
            fields[index] = Field(name: field.name, condition: .object(node))
        }
    }
}
