import Testing

@testable import Store

@Suite struct PagesTests {
    @Test(arguments: [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3)])
    func aShortPageIsTheLastQuery(items: Int, queries: Int) async throws {
        let counter = Counter()
        let pages = Pages<Int>(limit: 2) { last, limit in
            _ = counter.next()
            return Array(((last ?? -1) + 1..<items).prefix(limit))
        }
        var found: [Int] = []
        for try await page in pages {
            #expect(!page.isEmpty)
            found += page
        }
        #expect(found == Array(0..<items))
        #expect(counter.next() - 1 == queries)
    }

    @Test(arguments: StoreKind.all) func pagesOfAStoreContainEachItemOnce(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let entries = (0..<1001).map { entry("finding-\(1000 + $0)", isSent: false) }
            try await store.restore(entries, [])
            var found: [[String]] = []
            for try await page in store.unsentRows(of: accountRegions[0], kind: .audit) {
                found.append(page.map(\.entry.id))
            }
            #expect(found.map(\.count) == [500, 500, 1])
            #expect(found.flatMap(\.self) == entries.map(\.id))
        }
    }
}
