import Cryptography
import JSON

/// One page of a list.
struct Page {
    /// What is on it.
    let elements: [Int]
    /// What asks for the next page; nil behind the last element.
    let nextToken: String?

    /// Takes a page out of a list of different numbers, in which only some match.
    ///
    /// Out of a range, it takes as many steps as it looks at numbers, wherever the page is; out of another list, finding
    /// the place of the token takes as many as there are numbers before.
    ///
    /// - Parameters:
    ///   - token: what the page before gave, or nil for the first one.
    ///   - query: what else the request asks for: a token is good for the same request only.
    ///   - limit: the most elements.
    ///   - invalid: what is thrown for a token that no page gave.
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
