import TestSupport
import Testing

@testable import Store

@Suite struct LedgerContentTests {
    private static let finding = Array(
        #"{"AwsAccountId":"111122223333","Compliance":{"Status":"FAILED"},"SchemaVersion":"2018-10-08"}"#.utf8)

    @Test(arguments: [[], finding, Array(0...255), [UInt8](repeating: 7, count: 300_000)])
    func aContentIsReadBackAsItWas(finding: [UInt8]) throws {
        for text in ["a", "é", String(repeating: "x", count: 2048)] {
            let content = LedgerContent(id: text, subject: text + "s", finding: finding)
            #expect(try LedgerContent(stored: content.stored) == content)
        }
    }

    /// Stored contents must stay readable.
    @Test func aContentOfVersionOneIsRead() throws {
        let stored: [UInt8] = [
            1, 102, 2, 7, 203, 76, 41, 46, 77, 202, 2, 38, 37, 140, 186, 203, 16, 8, 140, 128, 192, 24, 8, 128, 14, 64,
            148, 8, 160, 144, 196, 82, 143, 225, 137, 133, 90, 0,
        ]
        let content = try LedgerContent(stored: stored)
        #expect(content == LedgerContent(id: "id", subject: "subject", finding: Self.finding))
    }

    @Test func aDamagedContentIsRejected() throws {
        var random = SeededGenerator(seed: 5)
        let stored = LedgerContent(id: "id", subject: "subject", finding: Self.finding).stored
        for count in 0..<stored.count {
            #expect(throws: StoreError.self) { try LedgerContent(stored: Array(stored[..<count])) }
        }
        #expect(throws: StoreError.self) { try LedgerContent(stored: stored + [0]) }
        // A changed byte may give other texts, but never more than the stored length says.
        for _ in 0..<10_000 {
            var damaged = stored
            damaged[Int.random(in: stored.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            _ = try? LedgerContent(stored: damaged)
        }
        // Lengths that no content has.
        for lengths: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0], [2, 2, 1], [0x80, 0x80, 0x80, 0x80, 1, 0, 0]] {
            #expect(throws: StoreError.self) { try LedgerContent(stored: [1] + lengths + stored[4...]) }
        }
    }
}
