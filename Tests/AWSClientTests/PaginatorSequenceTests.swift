import JSON
import Testing

@testable import AWSClient

@Suite("PaginatorSequence")
struct PaginatorSequenceTests {
    private func page(_ findings: String, _ nextToken: String? = nil) -> ScriptedAWS.Reply {
        let token = nextToken.map { #", "nextToken": "\#($0)""# } ?? ""
        return ScriptedAWS.reply(200, #"{"findings": \#(findings)\#(token)}"#)
    }

    private func parsed(_ elements: [JSONSlice]) throws -> [JSON] { try elements.map { try $0.parsed() } }

    @Test("an audit's findings are fetched page by page by token, including empty pages")
    func pages() async throws {
        let aws = ScriptedAWS([page("[1, 2]", "a"), page("[]", "b"), page("[3]", "")])
        var pages: [Page<JSONSlice>] = []
        for try await page in try client(aws).auditFindings(taskID: "t", checkName: "C", region: region) {
            pages.append(page)
        }
        #expect(try pages.map { try parsed($0.elements) } == [[1, 2], [], [3]])
        #expect(pages.map(\.nextToken) == ["a", "b", nil])
        #expect(aws.requests.map { $0.json?["nextToken"] } == [nil, "a", "b"])
        #expect(aws.requests.allSatisfy { $0.json?["checkName"] == "C" })
    }

    @Test("an iteration continues after the page of a kept token")
    func startingAt() async throws {
        let aws = ScriptedAWS([page("[2]", "b"), page("[3]")])
        var elements: [JSON] = []
        for try await page in try client(aws).auditFindings(taskID: "t", region: region, startingAt: "a") {
            elements += try parsed(page.elements)
        }
        #expect(elements == [2, 3])
        #expect(aws.requests.map { $0.json?["nextToken"] } == ["a", "b"])
    }

    @Test("a repeated token ends the iteration with an error")
    func repeatedToken() async throws {
        let aws = ScriptedAWS(["a", "b", "a", "b"].map { page("[1]", $0) })
        var iterator = try client(aws).auditFindings(taskID: "t", region: region).makeAsyncIterator()
        #expect(try await iterator.next().map { try parsed($0.elements) } == [1])
        #expect(try await iterator.next().map { try parsed($0.elements) } == [1])
        let error = try await failure { try await iterator.next() }
        #expect(error.kind == .other)
        #expect(error.description.contains("the page token repeats"))
        #expect(try await iterator.next() == nil)
        #expect(aws.requests.count == 3)
    }

    @Test("repeating the start token is an error, too")
    func repeatedStart() async throws {
        let aws = ScriptedAWS([page("[1]", "a")])
        var iterator = try client(aws).auditFindings(taskID: "t", region: region, startingAt: "a").makeAsyncIterator()
        let error = try await failure { try await iterator.next() }
        #expect(error.description.contains("the page token repeats"))
    }

    @Test("every cycle of tokens is detected, after at most three times as many pages as tokens")
    func cycles() throws {
        for before in 0...40 {
            for length in 1...40 {
                var detector = RepetitionDetector(first: nil)
                let noticed = (0..<1000).first { number in
                    let token = number < before ? number : before + (number - before) % length
                    return detector.isRepetition("\(token)")
                }
                let pages = try #require(noticed, "\(before) tokens before a circle of \(length)") + 1
                #expect(pages > before + length)
                #expect(pages <= 3 * (before + length), "\(before) tokens before a circle of \(length)")
            }
        }
    }

    @Test("distinct tokens are never reported as a cycle")
    func noCycle() {
        var detector = RepetitionDetector(first: "start")
        #expect((0..<100_000).allSatisfy { !detector.isRepetition("\($0)") })
    }

    @Test("a failed page ends the iteration with its error")
    func failedPage() async throws {
        let aws = ScriptedAWS([page("[1]", "a"), ScriptedAWS.fault(400, "InvalidRequestException")])
        var iterator = try client(aws).auditFindings(taskID: "t", region: region).makeAsyncIterator()
        #expect(try await iterator.next().map { try parsed($0.elements) } == [1])
        let error = try await failure { try await iterator.next() }
        #expect(error.kind == .invalid)
        #expect(try await iterator.next() == nil)
    }
}
