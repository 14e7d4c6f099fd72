import AWSCore
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct CatchUpTests {
    @Test(arguments: StoreKind.all) func eachAccountRegionHasAWatermarkThatOnlyAdvances(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            #expect(try await store.catchUpWatermarks().isEmpty)
            try await store.advanceCatchUpWatermark(of: accountRegions[0], to: 10)
            try await store.advanceCatchUpWatermark(of: accountRegions[1], to: 5)
            try await store.advanceCatchUpWatermark(of: accountRegions[0], to: 7)
            #expect(try await store.catchUpWatermarks() == [accountRegions[0]: 10, accountRegions[1]: 5])
            try await store.advanceCatchUpWatermark(of: accountRegions[0], to: 11)
            #expect(try await store.catchUpWatermarks() == [accountRegions[0]: 11, accountRegions[1]: 5])
        }
    }

    @Test func watermarksSurviveARestart() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        try await store.advanceCatchUpWatermark(of: accountRegions[0], to: 10)
        await store.close()
        let again = try await SQLiteStore(path: folder.file)
        #expect(try await again.catchUpWatermarks() == [accountRegions[0]: 10])
        await again.close()
    }
}
