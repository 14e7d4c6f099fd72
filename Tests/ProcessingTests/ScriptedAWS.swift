import AWSClient
import AWSCore
import Encoding
import EventLoop
import HTTPClient
import HTTPTypes
import JSON
import Synchronization
import TestSupport

@testable import HTTPServer

/// A fake AWS for the real client: it stores findings by Security Hub's rules, serves audits, and fails as a test
/// requires.
final class ScriptedAWS: HTTPTransport {
    /// A failure instead of the usual response.
    enum Fault: Sendable {
        case status(Int, code: String)
        /// No response until the request is canceled.
        case silence
    }

    struct State {
        /// The findings in Security Hub, by id.
        var hub: [String: JSON] = [:]
        /// The members that customers update (`BatchUpdateFindings`), by id.
        var customerFields: [String: JSON.Members] = [:]
        /// The page size of `GetFindings`.
        var hubPageSize = 100
        /// The response to `ListAuditSuppressions`.
        var suppressions: [JSON] = []
        /// The ids of each accepted import.
        var imports: [[String]] = []
        var updates: [JSON] = []
        /// Imports that Security Hub ignores because they are not newer.
        var ignored = 0
        /// Concurrent imports of the same finding.
        var overlaps = 0
        var inProgress: Set<String> = []
        /// Responses to `DescribeAuditTask` and pages of `ListAuditFindings`, by task.
        var audits: [String: (description: JSON, pages: [[JSON]])] = [:]
        var listed = 0
        /// The attributes of things by name, and the number of lookups.
        var things: [String: JSON] = [:]
        var thingLookups = 0
        /// Called during each lookup of a thing.
        var duringLookup: @Sendable () async -> Void = {}
        /// The pages of `ListAuditTasks`, `ListViolationEvents` and `ListActiveViolations`.
        var tasks: [[JSON]] = []
        var violationEvents: [[JSON]] = []
        var activeViolations: [[JSON]] = []
        /// The `Date` of all responses, in milliseconds since 1970; nil for none.
        var date: Timestamp?
        /// The requests with a query.
        var queries: [String] = []
        /// Decides whether a request fails before it is executed.
        var fault: @Sendable (_ path: String, _ body: JSON) -> Fault? = { _, _ in nil }
        /// Whether the responses to imports are lost after their execution.
        var losesResponses = false
        /// Called during each import.
        var duringImport: @Sendable (_ ids: [String]) async -> Void = { _ in }
        /// Error codes for findings that are rejected, by id.
        var failures: [String: String] = [:]
    }

    let state = Mutex(State())
    private let loop: EventLoop
    private let recorder: LogRecorder

    /// - Parameter recorder: records the requests without a response.
    init(loop: EventLoop, recorder: LogRecorder) {
        self.loop = loop
        self.recorder = recorder
    }

    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        let path = request.path ?? ""
        let json = (try? JSON(parsing: body, limits: JSONLimits(depth: 64, values: 1_000_000))) ?? .null
        switch state.withLock({ $0.fault(path, json) }) {
        case .silence:
            recorder.record("no response to \(path)")
            try? await loop.sleep(for: .seconds(86_400))
            throw HTTPClientError(.canceled, "canceled")
        case .status(let status, let code):
            return (
                HTTPResponse(status: .init(code: status), headerFields: [.init("x-amzn-ErrorType") ?? .accept: code]),
                JSON.object(["message": .string("as scripted")]).serialized()
            )
        case nil: break
        }
        let payload = await respond(to: path, json)
        guard !state.withLock({ $0.losesResponses && path.hasSuffix("/findings/import") }) else {
            throw HTTPClientError(.connectionLost, "as scripted")
        }
        var response = HTTPResponse(status: .ok)
        if let date = state.withLock({ $0.date }) {
            response.headerFields[.date] = date.httpDate
        }
        return (response, payload.serialized())
    }

    private func respond(to path: String, _ body: JSON) async -> JSON {
        if path.hasSuffix("/findings/import") { return await importFindings(body["Findings"]?.array ?? []) }
        if path.hasPrefix("/things/") { await state.withLock { $0.duringLookup }() }
        return state.withLock { state in
            if path.hasSuffix("/findings/batchupdate") { return Self.update(body, &state) }
            if let query = path.firstIndex(of: "?") {
                state.queries.append(path)
                return Self.list(path[..<query], path[query...], state)
            }
            if path.hasSuffix("/audit/suppressions/list") {
                return ["suppressions": .array(state.suppressions)]
            }
            if path.hasPrefix("/things/") {
                state.thingLookups += 1
                let name = String(path.dropFirst("/things/".count))
                return ["thingName": .string(name), "attributes": state.things[name] ?? [:]]
            }
            if path == "/findings" { return Self.page(of: body, state) }
            if path.hasSuffix("/audit/findings") {
                state.listed += 1
                let pages = state.audits[body["taskId"]?.string ?? ""]?.pages ?? []
                let index = body["nextToken"]?.string.flatMap { Int($0) } ?? 0
                var response: JSON.Members = ["findings": .array(index < pages.count ? pages[index] : [])]
                if index + 1 < pages.count { response["nextToken"] = .string(String(index + 1)) }
                return .object(response)
            }
            return state.audits[path.split(separator: "/").last.map(String.init) ?? ""]?.description ?? [:]
        }
    }

    private static func list(_ path: Substring, _ query: Substring, _ state: State) -> JSON {
        let (name, pages) =
            switch path {
            case "/audit/tasks": ("tasks", state.tasks)
            case "/violation-events": ("violationEvents", state.violationEvents)
            default: ("activeViolations", state.activeViolations)
            }
        let index =
            query.split(separator: "&").first { $0.contains("nextToken=") }
            .flatMap { $0.split(separator: "=").last }.flatMap { Int($0) } ?? 0
        var response: JSON.Members = [UTF8Text(name): .array(index < pages.count ? pages[index] : [])]
        if index + 1 < pages.count { response["nextToken"] = .string(String(index + 1)) }
        return .object(response)
    }

    private static func update(_ body: JSON, _ state: inout State) -> JSON {
        state.updates.append(body)
        var processed: [JSON] = []
        var unprocessed: [JSON] = []
        for identifier in body["FindingIdentifiers"]?.array ?? [] {
            let id = identifier["Id"]?.string ?? ""
            if state.hub[id] != nil, state.failures[id] == nil {
                state.customerFields[id, default: [:]].merge(
                    (body.object ?? [:]).filter { $0.key != "FindingIdentifiers" }
                ) { _, last in last }
                processed.append(identifier)
            } else {
                unprocessed.append([
                    "FindingIdentifier": identifier, "ErrorCode": .string(state.failures[id] ?? "FindingNotFound"),
                    "ErrorMessage": "as scripted",
                ])
            }
        }
        return ["ProcessedFindings": .array(processed), "UnprocessedFindings": .array(unprocessed)]
    }

    private static func page(of body: JSON, _ state: State) -> JSON {
        let prefixes = body["Filters"]?["Id"]?.array?.compactMap { $0["Value"]?.string } ?? [""]
        let product = body["Filters"]?["ProductArn"]?.array?.first?["Value"]
        let found = state.hub.filter { prefixes.contains(where: $0.key.hasPrefix) && $0.value["ProductArn"] == product }
            .sorted { $0.key < $1.key }
        let start = body["NextToken"]?.string.flatMap { Int($0) } ?? 0
        let page = found.dropFirst(start).prefix(state.hubPageSize).map { id, finding in
            JSON.object((finding.object ?? [:]).merging(state.customerFields[id] ?? [:]) { _, last in last })
        }
        var response: JSON.Members = ["Findings": .array(page)]
        if start + page.count < found.count { response["NextToken"] = .string(String(start + page.count)) }
        return .object(response)
    }

    private func importFindings(_ findings: [JSON]) async -> JSON {
        let ids = findings.compactMap { $0["Id"]?.string }
        state.withLock { state in
            if ids.contains(where: state.inProgress.contains) || Set(ids).count < ids.count { state.overlaps += 1 }
            state.inProgress.formUnion(ids)
        }
        await Task.yield()
        await state.withLock { $0.duringImport }(ids)
        return state.withLock { state in
            state.inProgress.subtract(ids)
            state.imports.append(ids)
            var failed: [JSON] = []
            for (id, finding) in zip(ids, findings) {
                if let code = state.failures[id] {
                    failed.append(["Id": .string(id), "ErrorCode": .string(code), "ErrorMessage": "as scripted"])
                } else if let last = state.hub[id]?["UpdatedAt"]?.string, (finding["UpdatedAt"]?.string ?? "") <= last {
                    state.ignored += 1
                } else {
                    // An archived finding that becomes active loses this status.
                    if state.hub[id]?["RecordState"] == "ARCHIVED", finding["RecordState"] == "ACTIVE",
                        state.customerFields[id]?["Workflow"] == ["Status": "NOTIFIED"]
                    {
                        state.customerFields[id]?["Workflow"] = ["Status": "NEW"]
                    }
                    var members = finding.object ?? [:]
                    // Imports do not change these.
                    if let last = state.hub[id] { members["UserDefinedFields"] = last["UserDefinedFields"] }
                    state.hub[id] = .object(members)
                }
            }
            return [
                "SuccessCount": .integer(ids.count - failed.count), "FailedCount": .integer(failed.count),
                "FailedFindings": .array(failed),
            ]
        }
    }
}
