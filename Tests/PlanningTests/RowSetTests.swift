import TestSupport
import Testing

@testable import Planning

@Suite struct RowSetTests {
    @Test("A set contains what was added, and is read back as it was", arguments: 0..<20 as Range<UInt64>)
    func contents(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var (set, numbers) = (RowSet(), Set<Int64>())
        // Dense and sparse blocks, with numbers at their ends.
        for start in [1, 65_535, 1 << 20, 1 << 40, Int64.max - 70_000] {
            let count = Int64.random(in: 1...70_000, using: &random)
            let step = Int64.random(in: 1...40, using: &random)
            for number in stride(
                from: start, to: start.addingReportingOverflow(count).partialValue, by: Int64.Stride(step))
            {
                numbers.insert(number)
            }
        }
        for number in numbers { set.insert(number) }
        #expect(numbers.allSatisfy(set.contains))
        #expect(
            numbers.lazy.flatMap { [$0 &+ 1, $0 &- 1] }.filter { !numbers.contains($0) }.allSatisfy {
                !set.contains($0)
            })
        let read = try #require(RowSet(stored: set.stored))
        #expect(read == set)
    }

    @Test("A hundred thousand consecutive rows take less than 32 KB in a checkpoint")
    func size() {
        var checkpoint = AuditCheckpoint(nextToken: "token")
        for number in 1...100_000 as ClosedRange<Int64> { checkpoint.seen.insert(number) }
        let text = checkpoint.serialized ?? ""
        #expect(text.utf8.count < 32_000)
        #expect(AuditCheckpoint(serialized: text) == checkpoint)
    }

    @Test("A damaged set is rejected, and its import begins again")
    func damage() {
        var set = RowSet()
        for number in [1, 2, 70_000] as [Int64] { set.insert(number) }
        let text = set.stored
        #expect(RowSet(stored: "") == RowSet())
        for count in 1..<text.utf8.count where text.prefix(count) != text {
            let cut = RowSet(stored: String(text.prefix(count)))
            #expect(cut == nil || cut?.contains(70_000) == false)
        }
        #expect(RowSet(stored: text + text) == nil)
        #expect(RowSet(stored: "AAAAAAAAAAD//w==") == nil)
        #expect(AuditCheckpoint(serialized: #"{"nextToken":"t","seen":"%"}"#) == AuditCheckpoint())
    }
}
