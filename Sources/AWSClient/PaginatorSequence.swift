public import JSON

/// A list that a service gives out page by page.
public struct Page: Sendable, Hashable {
    /// The elements of this page, as the service sent them.
    public let elements: [JSON]
    /// What to ask for the next page with, or nil on the last one.
    public let nextToken: String?
    /// When the service sent the page by its own clock, in milliseconds since 1970; nil if it did not tell.
    public let date: Int64?

    /// Reads a page; nil unless the member with the elements is an array.
    init?(_ json: JSON, elements: String, nextToken: String, date: Int64? = nil) {
        guard let array = json[elements]?.array else { return nil }
        self.elements = array
        self.date = date
        let token = json[nextToken]?.string ?? ""
        self.nextToken = token.isEmpty ? nil : token
    }
}

/// All pages of a list, or those behind a token, fetched one after the other as they are asked for. A page may be empty
/// and not the last.
///
/// A walk takes the memory of one page, however long the list is.
public struct PaginatorSequence: AsyncSequence, Sendable {
    /// One page, with the token that a later walk can go on from.
    public typealias Element = Page
    /// Why a page could not be fetched.
    public typealias Failure = AWSError

    let operation: Operation
    /// Asks for the first page of the walk; nil for that of the list.
    let start: String?
    let fetch: @Sendable (_ nextToken: String?) async throws(AWSError) -> Page

    /// - Parameter start: a token from an earlier walk through the same list, or nil for its first page.
    init(
        operation: Operation, startingAt start: String? = nil,
        fetch: @escaping @Sendable (_ nextToken: String?) async throws(AWSError) -> Page
    ) {
        self.operation = operation
        self.start = start
        self.fetch = fetch
    }

    /// Starts at the first page of the walk.
    public func makeAsyncIterator() -> Iterator { Iterator(pages: self) }

    /// Walks through the pages.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let pages: PaginatorSequence
        private var nextToken: String?
        private var isDone = false
        private var repetition: RepetitionDetector

        init(pages: PaginatorSequence) {
            self.pages = pages
            nextToken = pages.start
            repetition = RepetitionDetector(first: pages.start)
        }

        /// The next page; nil after the last.
        ///
        /// - Throws: ``AWSError``, also when the service gives out its tokens in a circle; nothing follows after it.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(AWSError) -> Page? {
            guard !isDone else { return nil }
            isDone = true
            let page = try await pages.fetch(nextToken)
            if let token = page.nextToken {
                guard !repetition.isRepetition(token) else {
                    throw pages.operation.malformedResponse("it repeats the token of an earlier page")
                }
                nextToken = token
                isDone = false
            }
            return page
        }

        /// The next page; nil after the last.
        public mutating func next() async throws(AWSError) -> Page? { try await next(isolation: nil) }
    }
}

/// Notices that a service gives out its tokens in a circle, so that it is not asked forever.
///
/// Brent's algorithm: of all tokens only one is kept, the latest whose number is a power of two, so that a circle is
/// noticed after at most three times as many pages as there are different tokens.
struct RepetitionDetector: Sendable {
    private var kept: String?
    private var distance = 0
    private var keptFor = 1

    /// - Parameter first: the token that the walk starts with, if it has one.
    init(first: String?) { kept = first }

    /// Whether a token closes the circle. To be asked of every token, in their order.
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
