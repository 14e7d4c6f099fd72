import JSON

/// The filters of `GetFindings`, by `AwsSecurityFindingFilters` and `StringFilter` in the Security Hub API Reference:
/// every attribute must match any of its requested values, and none of the excluded ones.
struct FindingFilter {
    private enum Comparison: String {
        case equals = "EQUALS"
        case prefix = "PREFIX"
        case notEquals = "NOT_EQUALS"
        case prefixNotEquals = "PREFIX_NOT_EQUALS"
    }

    private struct Condition {
        let comparison: Comparison
        let value: String

        var excludes: Bool { comparison == .notEquals || comparison == .prefixNotEquals }

        func matches(_ text: String) -> Bool {
            switch comparison {
            case .equals, .notEquals: text == value
            case .prefix, .prefixNotEquals: text.utf8.starts(with: value.utf8)
            }
        }
    }

    private var conditions: [(path: [String], [Condition])] = []
    /// The only IDs that can match; nil unless the filter requests complete IDs.
    private(set) var ids: Set<String>?

    /// The supported attributes, with the paths of their values in a finding.
    private static let paths: [String: [String]] = [
        "Id": ["Id"], "ProductArn": ["ProductArn"], "AwsAccountId": ["AwsAccountId"], "GeneratorId": ["GeneratorId"],
        "Region": ["Region"], "Type": ["Types"], "Title": ["Title"], "RecordState": ["RecordState"],
        "WorkflowStatus": ["Workflow", "Status"], "SeverityLabel": ["Severity", "Label"],
        "VerificationState": ["VerificationState"], "ComplianceStatus": ["Compliance", "Status"],
        "ProductName": ["ProductName"], "CompanyName": ["CompanyName"], "ResourceId": ["Resources", "Id"],
        "ResourceType": ["Resources", "Type"],
    ]

    /// Parses the filters of a request; nil matches everything.
    ///
    /// - Throws: ``ServiceError`` for input that AWS rejects, and for unsupported attributes and comparisons, because
    ///   ignoring them would return other findings than AWS does.
    init(_ json: JSON?) throws(ServiceError) {
        guard let json else { return }
        guard let filters = json.object, filters.count <= 10 else {
            throw .invalidInput(
                "Invalid parameter 'Filters'. data.Filters should be an object of at most 10 properties")
        }
        for (name, value) in filters.map({ ($0.key.string, $0.value) }) {
            guard let path = Self.paths[name] else {
                throw .invalidInput("Invalid parameter 'Filters'. LocalAWS does not support the attribute '\(name)'")
            }
            let requested = try Self.conditions(value, name: name)
            conditions.append((path, requested))
            if name == "Id", requested.allSatisfy({ $0.comparison == .equals }) { ids = Set(requested.map(\.value)) }
        }
    }

    private static func conditions(_ json: JSON, name: String) throws(ServiceError) -> [Condition] {
        guard let elements = json.array, (1...20).contains(elements.count) else {
            throw .invalidInput("Invalid parameter 'Filters'. data.Filters.\(name) should have 1 to 20 items")
        }
        var conditions: [Condition] = []
        for element in elements {
            guard let value = element["Value"]?.string,
                let comparison = element["Comparison"]?.string.flatMap(Comparison.init)
            else {
                throw .invalidInput("Invalid parameter 'Filters'. data.Filters.\(name) lacks Value or Comparison")
            }
            conditions.append(Condition(comparison: comparison, value: value))
        }
        guard !conditions.contains(where: { $0.comparison == .equals }) || !conditions.contains(where: \.excludes)
        else {
            throw .invalidInput(
                "Invalid parameter 'Filters'. data.Filters.\(name) must not mix requested and excluded values")
        }
        return conditions
    }

    /// Whether a finding matches.
    func matches(_ finding: JSON) -> Bool {
        conditions.allSatisfy { path, conditions in
            // Most attributes have one value; avoiding an array for each keeps this fast with many findings.
            if path.count == 1, case .string(let value)? = finding[path[0]] {
                return Self.matches(conditions) { $0.matches(value) }
            }
            let values = Self.values(at: path[...], of: finding)
            return Self.matches(conditions) { values.contains(where: $0.matches) }
        }
    }

    /// Whether any inclusive condition holds, if there is one, and no exclusive one.
    private static func matches(_ conditions: [Condition], holds: (Condition) -> Bool) -> Bool {
        var isRequested = false
        var isFound = false
        for condition in conditions where condition.excludes || !isFound {
            let isHeld = holds(condition)
            if condition.excludes {
                if isHeld { return false }
            } else {
                isRequested = true
                isFound = isHeld
            }
        }
        return isFound || !isRequested
    }

    /// The strings at a path, through all elements of arrays.
    static func values(at path: ArraySlice<String>, of json: JSON) -> [String] {
        switch json {
        case .array(let elements): elements.flatMap { values(at: path, of: $0) }
        case .object(let members):
            path.first.flatMap { members[$0] }.map { values(at: path.dropFirst(), of: $0) } ?? []
        case .string(let text): path.isEmpty ? [text] : []
        case .number(let text): path.isEmpty ? [text] : []
        case .null, .bool: []
        }
    }
}
