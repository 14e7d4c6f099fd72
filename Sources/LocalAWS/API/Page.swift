import Cryptography
import JSON

/// One page of a list.
struct Page {
    /// The page's elements.
    let elements: [Int]
    /// The token of the next page; nil on the last page.
    let nextToken: String?

    /// Makes a page of the matching elements of a list of distinct numbers.
    ///
    /// For a range, the cost is the number of examined elements, wherever the page is; for another list, finding the
    /// token's position is linear.
    ///
    /// - Parameters:
    ///   - token: the token of the previous page; nil for the first page.
    ///   - query: the other parameters: a token is valid for the same query only.
    ///   - limit: the maximum number of elements.
    ///   - invalid: the error for an invalid token.
    init(
        _ list: some RandomAccessCollection<Int>, token: JSON?, query: JSON, limit: Int, invalid: ServiceError,
        matches: (Int) -> Bool
    ) throws(ServiceError) {
        let mark = Digest.hexadecimal(Array(Digest.sha256(query.serialized()).prefix(16)))
        var rest = list[...]
        if let token {
            guard let parts = token.string?.split(separator: "-"), parts.count == 2, parts[1] == mark,
                let last = Int(parts[0]), let position = list.firstIndex(of: last)
            else { throw invalid }
            rest = list[list.index(after: position)...]
        }
        var elements: [Int] = []
        var nextToken: String?
        for element in rest where matches(element) {
            if elements.count == limit, let last = elements.last {
                nextToken = "\(last)-\(mark)"
                break
            }
            elements.append(element)
        }
        self.elements = elements
        self.nextToken = nextToken
    }
}
