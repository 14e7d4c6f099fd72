/// The pages of a list in a store, each read when it is needed. No page is empty.
///
/// A page shorter than the limit is the last one, so that no further query is needed to find the end.
package struct Pages<Item: Sendable>: AsyncSequence, Sendable {
    /// Reads the items after one, or from the first on for nil; at most as many as the limit.
    typealias Read = @Sendable (_ last: Item?, _ limit: Int) async throws(StoreError) -> [Item]

    private let limit: Int
    private let count: @Sendable ([Item]) -> Int
    private let read: Read

    /// - Parameters:
    ///   - limit: The maximum number of items in a page, 1 to 1,000.
    ///   - count: The number of items in a page, as far as the limit concerns them.
    init(limit: Int = 500, count: @escaping @Sendable ([Item]) -> Int = { $0.count }, read: @escaping Read) {
        self.limit = limit
        self.count = count
        self.read = read
    }

    /// Begins with the first page.
    package func makeAsyncIterator() -> Iterator { Iterator(pages: self) }

    /// Reads one page after another.
    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let pages: Pages
        private var last: Item?
        private var isDone = false

        fileprivate init(pages: Pages) { self.pages = pages }

        /// The next page; nil after the last one.
        package mutating func next() async throws(StoreError) -> [Item]? { try await next(isolation: nil) }

        /// The next page; nil after the last one.
        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(StoreError) -> [Item]? {
            guard !isDone else { return nil }
            let page = try await pages.read(last, pages.limit)
            last = page.last
            isDone = pages.count(page) < pages.limit
            return page.isEmpty ? nil : page
        }
    }
}
