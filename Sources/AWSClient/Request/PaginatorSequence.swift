package import Encoding
import JSON

/// One page of a paginated list. Its elements are ``JSON`` values, or ``JSONSlice`` values where few of them are parsed.
package struct Page<Value: Sendable>: Sendable {
    /// The page's elements, as sent by the service.
    package let elements: [Value]
    /// The token of the next page; nil on the last one.
    package let nextToken: String?
    /// When the service sent the page, by its own clock; nil if not known.
    package let date: Timestamp?

    /// Makes a page; nil without elements. An empty token counts as none.
    init?(_ elements: [Value]?, nextToken: JSON?, date: Timestamp?) {
        guard let elements else { return nil }
        self.elements = elements
        self.date = date
        let token = nextToken?.string ?? ""
        self.nextToken = token.isEmpty ? nil : token
    }
}

extension Page<JSON> {
    /// Reads a page from a response; nil unless the member `elements` is an array.
    init?(_ response: JSON, elements: String, nextToken: String, date: Timestamp? = nil) {
        self.init(response[elements]?.array, nextToken: response[nextToken], date: date)
    }
}

extension Page<JSONSlice> {
    /// Reads a page from a response; nil unless the member `elements` is an array.
    init?(_ response: JSONSlice, elements: String, nextToken: String, date: Timestamp? = nil) {
        self.init(response[elements]?.elements(), nextToken: try? response[nextToken]?.parsed(), date: date)
    }
}

/// The pages of a list, from its start or from a token, fetched on demand. A page that is not the last may be empty.
///
/// Holds one page in memory at a time.
package struct PaginatorSequence<Value: Sendable>: AsyncSequence, Sendable {
    /// One page, with the token that a later iteration can continue from.
    package typealias Element = Page<Value>
    /// Why a page could not be fetched.
    package typealias Failure = AWSError

    let operation: Operation
    /// The token of the first page to fetch; nil for the start of the list.
    let start: String?
    let fetch: @Sendable (_ nextToken: String?) async throws(AWSError) -> Page<Value>

    /// - Parameter start: a token from an earlier iteration over the same list; nil for its first page.
    init(
        operation: Operation, startingAt start: String? = nil,
        fetch: @escaping @Sendable (_ nextToken: String?) async throws(AWSError) -> Page<Value>
    ) {
        self.operation = operation
        self.start = start
        self.fetch = fetch
    }

    /// Starts an iteration at the first page.
    package func makeAsyncIterator() -> Iterator { Iterator(pages: self) }

    /// Iterates over the pages.
    package struct Iterator: AsyncIteratorProtocol, Sendable {
        private let pages: PaginatorSequence
        private var nextToken: String?
        private var isDone = false
        private var repetition: RepetitionDetector

        init(pages: PaginatorSequence) {
            self.pages = pages
            nextToken = pages.start
            repetition = RepetitionDetector(first: pages.start)
        }

        /// Fetches the next page; nil after the last.
        ///
        /// - Throws: ``AWSError``, also if the service repeats a token; the iteration is then over.
        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(AWSError) -> Page<Value>? {
            guard !isDone else { return nil }
            isDone = true
            let page = try await pages.fetch(nextToken)
            if let token = page.nextToken {
                guard !repetition.isRepetition(token) else {
                    throw pages.operation.malformedResponse("the page token repeats")
                }
                nextToken = token
                isDone = false
            }
            return page
        }

        /// Fetches the next page; nil after the last.
        package mutating func next() async throws(AWSError) -> Page<Value>? { try await next(isolation: nil) }
    }
}

/// Detects that a service repeats page tokens, which would make the iteration endless.
///
/// Brent's algorithm: keeps only the latest token whose index is a power of two, and detects a cycle after at most
/// three times as many pages as there are distinct tokens.
struct RepetitionDetector: Sendable {
    private var kept: String?
    private var distance = 0
    private var keptFor = 1

    /// - Parameter first: the token that the iteration starts with, if any.
    init(first: String?) { kept = first }

    /// Whether a token closes a cycle. Call it for every token, in order.
    mutating func isRepetition(_ token: String) -> Bool {
        if token == kept { return true }
        distance += 1
        if distance == keptFor {
            kept = token
            distance = 0
            keptFor *= 2
        }
        return false
    }
}
