import JSON

extension SecurityHubModel {
    /// Implements `GetFindings`.
    ///
    /// A page continues after the last finding of the previous one, so that no finding is skipped when findings change
    /// in between. Without sorting, its cost is the number of examined findings: only those with the requested IDs,
    /// otherwise those from the previous page to the first that does not fit.
    ///
    /// - Throws: ``ServiceError`` if the call is rejected.
    func getFindings(_ request: JSON) throws(ServiceError) -> JSON {
        let allowed: Set<UTF8Text> = ["Filters", "SortCriteria", "NextToken", "MaxResults"]
        guard let members = request.object, allowed.isSuperset(of: members.keys) else {
            throw .invalidInput("data should NOT have additional properties")
        }
        let limit = members["MaxResults"] ?? 100
        guard let count = limit.integer, (1...100).contains(count) else {
            throw .invalidInput("Invalid parameter 'MaxResults'. data.MaxResults should be an integer from 1 to 100")
        }
        let filter = try FindingFilter(members["Filters"])
        let page: Page
        if let ids = filter.ids, members["SortCriteria"] == nil {
            let positions = ids.compactMap(position(ofID:)).sorted()
            page = try self.page(of: positions, members, filter, limit: Int(count))
        } else if let criteria = members["SortCriteria"] {
            page = try self.page(of: order(criteria), members, filter, limit: Int(count))
        } else {
            page = try self.page(of: records.indices, members, filter, limit: Int(count))
        }
        var response: JSON.Members = ["Findings": .array(page.elements.map { records[$0].json })]
        response["NextToken"] = page.nextToken.map(JSON.string)
        return .object(response)
    }

    private func page(
        of positions: some RandomAccessCollection<Int>, _ request: JSON.Members, _ filter: FindingFilter, limit: Int
    ) throws(ServiceError) -> Page {
        try Page(
            positions, token: request["NextToken"],
            query: [request["Filters"] ?? .null, request["SortCriteria"] ?? .null], limit: limit,
            invalid: .invalidInput("Invalid parameter 'NextToken'.")
        ) { filter.matches(records[$0].json) }
    }

    /// The positions of all findings, in the requested order.
    private func order(_ criteria: JSON) throws(ServiceError) -> [Int] {
        guard let criteria = criteria.array, criteria.count <= 10,
            criteria.allSatisfy({
                $0["Field"]?.string != nil && ["asc", "desc"].contains($0["SortOrder"]?.string ?? "asc")
            })
        else { throw .invalidInput("Invalid parameter 'SortCriteria'.") }
        let sorts = criteria.map { criterion in
            let path = criterion["Field"]?.string?.split(separator: ".").map(String.init) ?? []
            let keys = records.map { FindingFilter.values(at: path[...], of: $0.json).joined() }
            return (keys: keys, isDescending: criterion["SortOrder"] == "desc")
        }
        return records.indices.sorted { left, right in
            for (keys, isDescending) in sorts where keys[left] != keys[right] {
                return (keys[left] < keys[right]) != isDescending
            }
            return left < right
        }
    }
}
