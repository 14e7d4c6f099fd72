import AWSClient
import JSON
import Testing

@Suite("Batches of findings")
struct FindingBatchesTests {
    /// A finding whose JSON has so many bytes.
    private func finding(_ id: Int, bytes: Int) -> JSON {
        let empty = JSON.object(["Id": .integer(id), "T": ""]).serialized().count
        return ["Id": .integer(id), "T": .string(String(repeating: "x", count: bytes - empty))]
    }

    private func counts(_ findings: [JSON]) -> [Int] { FindingBatches(findings).batches.map(\.findings.count) }

    @Test("no findings make no batch")
    func none() { #expect(FindingBatches([]).batches == []) }

    @Test("a batch holds up to 100 findings, in order")
    func count() {
        #expect(counts((0..<100).map { ["Id": .integer($0)] }) == [100])
        let findings: [JSON] = (0..<250).map { ["Id": .integer($0)] }
        #expect(counts(findings) == [100, 100, 50])
        #expect(FindingBatches(findings).batches.flatMap(\.findings) == findings)
    }

    @Test("a finding of 240,000 bytes is sent, a longer one is set aside, and the others are not held up")
    func longFindings() {
        let longest = finding(1, bytes: 240_000)
        let tooLong = finding(2, bytes: 240_001)
        let batches = FindingBatches([longest, tooLong, finding(3, bytes: 100)])
        #expect(batches.oversized == [tooLong])
        #expect(batches.batches.flatMap(\.findings).map { $0["Id"] } == [1, 3])
    }

    @Test("a body holds up to a million bytes, the brackets and commas counted")
    func bytes() {
        // {"Findings":[ and ]} are 15 bytes, and there are 4 commas.
        let fitting = (0..<4).map { finding($0, bytes: 200_000) } + [finding(4, bytes: 199_981)]
        #expect(counts(fitting) == [5])
        let longer = (0..<4).map { finding($0, bytes: 200_000) } + [finding(4, bytes: 199_982)]
        #expect(counts(longer) == [4, 1])
    }

    @Test("two findings with the same id are not in one batch, and stay in order")
    func sameID() {
        let findings: [JSON] = [["Id": "a", "n": 1], ["Id": "b"], ["Id": "a", "n": 2], ["Id": "c"]]
        #expect(FindingBatches(findings).batches.map(\.findings) == [Array(findings[..<2]), Array(findings[2...])])
    }
}
