import JSON

extension AuditModel {
    /// Implements `ListAuditSuppressions`: ordered by expiration date, those without one last.
    ///
    /// - Throws: ``ServiceError`` if the call is rejected.
    func listSuppressions(_ request: JSON) throws(ServiceError) -> JSON {
        let names: Set<UTF8Text> = ["checkName", "resourceIdentifier", "ascendingOrder", "maxResults", "nextToken"]
        guard var members = request.object, names.isSuperset(of: members.keys) else {
            throw .invalidRequest("The request has an unknown member")
        }
        let token = members.removeValue(forKey: "nextToken")
        guard let isAscending = (members["ascendingOrder"] ?? true).bool else {
            throw .invalidRequest("ascendingOrder must be a boolean")
        }
        let ascending = suppressions.indices.sorted { left, right in
            let ends = (suppressions[left].expirationDate ?? .max, suppressions[right].expirationDate ?? .max)
            return ends.0 == ends.1 ? left < right : ends.0 < ends.1
        }
        let page = try Page(
            isAscending ? ascending : ascending.reversed(), token: token, query: .object(members),
            limit: try Self.limit(members["maxResults"].map { $0.integer ?? 0 }), invalid: Self.invalidToken
        ) { position in
            let suppression = suppressions[position]
            return members["checkName"].map { $0 == .string(suppression.checkName) } ?? true
                && (members["resourceIdentifier"]?.object ?? [:]).allSatisfy {
                    suppression.resourceIdentifier[$0.key.string] == $0.value
                }
        }
        return Self.response("suppressions", page.elements.map { suppressions[$0].json }, nextToken: page.nextToken)
    }
}
