public import JSON

/// A list that a service gives out page by page.
public struct Page: Sendable, Hashable {
    /// The elements of this page, as the service sent them.
    public let elements: [JSON]
    /// What to ask for the next page with, or nil on the last one.
    public let nextToken: String?

    /// Reads a page; nil unless the member with the elements is an array.
    init?(_ json: JSON, elements: String, nextToken: String) {
        guard let array = json[elements]?.array else { return nil }
        self.elements = array
        let token = json[nextToken]?.string ?? ""
        self.nextToken = token.isEmpty ? nil : token
    }
}

/// All pages of a list, fetched one after the other as they are asked for. Empty pages are left out.
public struct Pages: AsyncSequence, Sendable {
    /// The elements of one page.
    public typealias Element = [JSON]
    /// Why a page could not be fetched.
    public typealias Failure = AWSError

    let operation: Operation
    let fetch: @Sendable (_ nextToken: String?) async throws(AWSError) -> Page

    /// Starts at the first page.
    public func makeAsyncIterator() -> Iterator { Iterator(pages: self) }

    /// Walks through the pages.
    public struct Iterator: AsyncIteratorProtocol {
        private let pages: Pages
        private var nextToken: String?
        private var isDone = false
        /// All tokens so far: a service that repeats one would be asked forever.
        private var tokens: Set<String> = []

        init(pages: Pages) { self.pages = pages }

        /// The elements of the next page; nil after the last.
        ///
        /// - Throws: ``AWSError``, also when the service gives the same token twice; nothing follows after it.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(AWSError) -> [JSON]?
        {
            while !isDone {
                isDone = true
                let page = try await pages.fetch(nextToken)
                if let token = page.nextToken {
                    guard tokens.insert(token).inserted else {
                        throw pages.operation.malformed("it repeats the token of an earlier page")
                    }
                    nextToken = token
                    isDone = false
                }
                if !page.elements.isEmpty { return page.elements }
            }
            return nil
        }

        /// The elements of the next page; nil after the last.
        public mutating func next() async throws(AWSError) -> [JSON]? { try await next(isolation: nil) }
    }
}
