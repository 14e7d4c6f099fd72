import JSON
import Testing

@testable import AWSClient

@Suite("Batches of findings")
struct FindingBatchesTests {
    /// A finding whose JSON has a given number of bytes.
    private func finding(_ id: String, bytes: Int = 20) -> FindingText {
        let empty = JSON.object(["Id": .string(id), "T": ""]).serialized().count
        let text = String(repeating: "x", count: max(bytes - empty, 0))
        return FindingText(id: id, json: JSON.object(["Id": .string(id), "T": .string(text)]).serialized())
    }

    private func findings(_ count: Int) -> [FindingText] { (0..<count).map { finding("\($0)") } }

    private func counts(_ findings: [FindingText]) -> [Int] {
        FindingBatches(findings).batches.map(\.findings.count)
    }

    @Test("no findings make no batch")
    func none() { #expect(FindingBatches([]).batches == []) }

    @Test("a finding is serialized with its ID, and rejected without one")
    func text() throws {
        let text = try #require(FindingText(["Id": "a", "T": "b"]))
        #expect(text.id == "a" && text.json == Array(#"{"Id":"a","T":"b"}"#.utf8))
        #expect(FindingText(["T": "b"]) == nil && FindingText(["Id": 1]) == nil)
    }

    @Test("a batch holds up to 100 findings, in order")
    func count() {
        #expect(counts(findings(100)) == [100])
        #expect(counts(findings(250)) == [100, 100, 50])
        #expect(FindingBatches(findings(250)).batches.flatMap(\.findings) == findings(250))
    }

    @Test("the body of a request has the findings as serialized")
    func body() throws {
        for count in [1, 2, 100] {
            let batch = try #require(FindingBatches(findings(count)).batches.first)
            let expected = try findings(count).map { try JSON(parsing: $0.json) }
            #expect(try JSON(parsing: batch.body) == ["Findings": .array(expected)])
            #expect(batch.body.count == FindingBatch.bodyBytes(count: count, bytes: 20 * count))
        }
    }

    @Test("a finding of 240,000 bytes is sent, and a longer one is set aside without delaying others")
    func longFindings() {
        let longest = finding("1", bytes: 240_000)
        let tooLong = finding("2", bytes: 240_001)
        let batches = FindingBatches([longest, tooLong, finding("3", bytes: 100)])
        #expect(batches.oversized == [tooLong])
        #expect(batches.batches.flatMap(\.findings).map(\.id) == ["1", "3"])
    }

    @Test("a body has up to a million bytes, including brackets and commas")
    func bytes() {
        // {"Findings":[ and ]} are 15 bytes, and there are 4 commas.
        let fitting = (0..<4).map { finding("\($0)", bytes: 200_000) } + [finding("4", bytes: 199_981)]
        #expect(counts(fitting) == [5])
        #expect(FindingBatches(fitting).batches.map(\.body.count) == [1_000_000])
        let longer = (0..<4).map { finding("\($0)", bytes: 200_000) } + [finding("4", bytes: 199_982)]
        #expect(counts(longer) == [4, 1])
    }

    @Test("two findings with the same ID are in different batches, in order")
    func sameID() {
        let findings = [finding("a"), finding("b"), finding("a", bytes: 30), finding("c")]
        #expect(FindingBatches(findings).batches.map(\.findings) == [Array(findings[..<2]), Array(findings[2...])])
    }
}
