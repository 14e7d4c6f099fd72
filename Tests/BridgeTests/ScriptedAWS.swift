import AWSClient
import AWSCore
import EventLoop
import HTTPClient
import HTTPTypes
import JSON
import Synchronization

/// Stands for AWS behind the client that the bridge really uses: keeps findings by Security Hub's rules, gives out
/// audits, and does what a test tells it.
final class ScriptedAWS: HTTPTransport {
    /// An answer other than the usual one.
    enum Fault: Sendable {
        case status(Int, code: String)
        /// No answer, until the request is canceled.
        case silence
    }

    struct State {
        /// The findings in Security Hub, by id.
        var hub: [String: JSON] = [:]
        /// The ids of each request to import that was taken.
        var imports: [[String]] = []
        var updates: [JSON] = []
        /// Imports that Security Hub ignores because they are not newer than what it has.
        var ignored = 0
        /// Imports of a finding while another import of it is under way.
        var overlaps = 0
        var underWay: Set<String> = []
        /// Answers to `DescribeAuditTask` and pages of `ListAuditFindings`, by task.
        var audits: [String: (description: JSON, pages: [[JSON]])] = [:]
        var listed = 0
        /// Decides before a request is carried out.
        var fault: @Sendable (_ path: String, _ body: JSON) -> Fault? = { _, _ in nil }
        /// Codes for single findings that are not taken.
        var failures: [String: String] = [:]
    }

    let state = Mutex(State())
    private let loop: EventLoop
    private let journal: Journal

    /// - Parameter journal: hears of the requests that get no answer.
    init(loop: EventLoop, journal: Journal) {
        self.loop = loop
        self.journal = journal
    }

    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        let path = request.path ?? ""
        let json = (try? JSON(parsing: body, limits: JSONLimits(depth: 64, values: 1_000_000))) ?? .null
        switch state.withLock({ $0.fault(path, json) }) {
        case .silence:
            journal.note("no answer to \(path)")
            try? await loop.sleep(for: .seconds(86_400))
            throw HTTPClientError(.canceled, "canceled")
        case .status(let status, let code):
            return (
                HTTPResponse(status: .init(code: status), headerFields: [.init("x-amzn-ErrorType") ?? .accept: code]),
                JSON.object(["message": .string("as scripted")]).serialized()
            )
        case nil: return (HTTPResponse(status: .ok), await answer(path, json).serialized())
        }
    }

    private func answer(_ path: String, _ body: JSON) async -> JSON {
        if path.hasSuffix("/findings/import") { return await importFindings(body["Findings"]?.array ?? []) }
        return state.withLock { state in
            if path.hasSuffix("/findings/batchupdate") {
                state.updates.append(body)
                let ids = body["FindingIdentifiers"]?.array ?? []
                let isThere = ids.allSatisfy { state.hub[$0["Id"]?.string ?? ""] != nil }
                guard !isThere else { return ["ProcessedFindings": .array(ids), "UnprocessedFindings": []] }
                return [
                    "ProcessedFindings": [],
                    "UnprocessedFindings": [
                        [
                            "FindingIdentifier": ids.first ?? .null, "ErrorCode": "FindingNotFound",
                            "ErrorMessage": "as scripted",
                        ]
                    ],
                ]
            }
            if path.hasSuffix("/audit/findings") {
                state.listed += 1
                let pages = state.audits[body["taskId"]?.string ?? ""]?.pages ?? []
                let index = body["nextToken"]?.string.flatMap { Int($0) } ?? 0
                var answer: [String: JSON] = ["findings": .array(index < pages.count ? pages[index] : [])]
                if index + 1 < pages.count { answer["nextToken"] = .string(String(index + 1)) }
                return .object(answer)
            }
            return state.audits[path.split(separator: "/").last.map(String.init) ?? ""]?.description ?? [:]
        }
    }

    private func importFindings(_ findings: [JSON]) async -> JSON {
        let ids = findings.compactMap { $0["Id"]?.string }
        state.withLock { state in
            if ids.contains(where: state.underWay.contains) || Set(ids).count < ids.count { state.overlaps += 1 }
            state.underWay.formUnion(ids)
        }
        await Task.yield()
        return state.withLock { state in
            state.underWay.subtract(ids)
            state.imports.append(ids)
            var failed: [JSON] = []
            for (id, finding) in zip(ids, findings) {
                if let code = state.failures[id] {
                    failed.append(["Id": .string(id), "ErrorCode": .string(code), "ErrorMessage": "as scripted"])
                } else if let last = state.hub[id]?["UpdatedAt"]?.string, (finding["UpdatedAt"]?.string ?? "") <= last {
                    state.ignored += 1
                } else {
                    state.hub[id] = finding
                }
            }
            return [
                "SuccessCount": .integer(ids.count - failed.count), "FailedCount": .integer(failed.count),
                "FailedFindings": .array(failed),
            ]
        }
    }
}
