import AWSCore
import Encoding
import Foundation
import HTTPServer
import HTTPTypes
import JSON
import LocalAWS
import Synchronization

/// What ``PreparedAWS`` knows, and its responses.
final class PreparedContent: Sendable {
    struct State {
        var audits: [String: PreparedAudit] = [:]
        var hubs: [AccountID: ReceivedFindings] = [:]
        var calls: [LocalAWS.Operation: Int] = [:]
        var throttle: Throttle?
    }

    let state: Mutex<State>
    private let keepsFindings: Bool

    init(throttle: Throttle?, keepsFindings: Bool) {
        state = Mutex(State(throttle: throttle))
        self.keepsFindings = keepsFindings
    }

    func respond(to request: ServerRequest) -> ServerResponse {
        guard let caller = PreparedCaller(request.head.headerFields[.authorization]),
            let operation = Self.operation(of: request, caller)
        else { return Self.error(404, "UnknownOperationException") }
        let accountRegion = AccountRegion(account: caller.account, region: PreparedAWS.region)
        return state.withLock { state in
            state.calls[operation, default: 0] += 1
            let now = WallClock.now().milliseconds
            guard state.throttle?.allows(operation, of: accountRegion, now: now) ?? true else {
                return caller.service == "securityhub"
                    ? Self.error(429, "TooManyRequestsException") : Self.error(400, "ThrottlingException")
            }
            return respond(to: request, operation, caller, &state)
        }
    }

    private static func operation(of request: ServerRequest, _ caller: PreparedCaller) -> LocalAWS.Operation? {
        switch (caller.service, request.path) {
        case ("securityhub", "/findings/import"): .batchImportFindings
        case ("securityhub", "/findings/batchupdate"): .batchUpdateFindings
        case ("securityhub", "/findings"): .getFindings
        case ("iot", "/audit/findings"): .listAuditFindings
        case ("iot", "/audit/suppressions/list"): .listAuditSuppressions
        case ("iot", let path) where path.hasPrefix("/audit/tasks/"): .describeAuditTask
        case ("sts", _): request.body.contains(Array("=AssumeRole&".utf8)) ? .assumeRole : .getCallerIdentity
        default: nil
        }
    }

    private func respond(
        to request: ServerRequest, _ operation: LocalAWS.Operation, _ caller: PreparedCaller, _ state: inout State
    ) -> ServerResponse {
        switch operation {
        case .batchImportFindings:
            let count = state.hubs[caller.account, default: ReceivedFindings()].add(request.body, keeps: keepsFindings)
            return Self.json("{\"FailedCount\":0,\"SuccessCount\":\(count),\"FailedFindings\":[]}")
        case .getFindings:
            let query = try? JSON(parsing: request.body)
            let start = query?["NextToken"]?.string.flatMap { Int($0) } ?? 0
            let page = state.hubs[caller.account]?.page(from: start, limit: Int(query?["MaxResults"]?.integer ?? 100))
            return page.map(Self.json) ?? Self.json("{\"Findings\":[]}")
        case .listAuditFindings:
            let query = try? JSON(parsing: request.body)
            guard let audit = query?["taskId"]?.string.flatMap({ state.audits[$0] }) else {
                return Self.error(400, "InvalidRequestException")
            }
            return Self.json(
                audit.page(
                    of: query?["checkName"]?.string, from: query?["nextToken"]?.string.flatMap { Int($0) } ?? 0,
                    limit: Int(query?["maxResults"]?.integer ?? 25)))
        case .listAuditSuppressions: return Self.json("{\"suppressions\":[]}")
        case .describeAuditTask:
            let id = request.path.split(separator: "/").last.map(String.init) ?? ""
            return state.audits[id].map { Self.json($0.description) } ?? Self.error(404, "ResourceNotFoundException")
        case .assumeRole:
            let role = String(decoding: request.body, as: UTF8.self).firstMatch(of: #/iam%3A%3A(\d{12})/#)
            return role.flatMap { AccountID($0.1) }.map(Self.session) ?? Self.error(400, "ValidationError")
        default:
            return Self.xml(
                operation,
                "<Account>\(caller.account)</Account><Arn>arn:aws:iam::\(caller.account):user/a</Arn>"
                    + "<UserId>none</UserId>")
        }
    }

    private static func session(_ account: AccountID) -> ServerResponse {
        xml(
            .assumeRole,
            "<Credentials><AccessKeyId>\(PreparedCaller.key(of: account))</AccessKeyId><SecretAccessKey>none</SecretAccessKey>"
                + "<SessionToken>none</SessionToken><Expiration>2199-01-01T00:00:00Z</Expiration></Credentials>")
    }

    private static func json(_ body: [UInt8]) -> ServerResponse {
        ServerResponse(status: .ok, headerFields: [.contentType: "application/json"], body: body)
    }

    private static func json(_ text: String) -> ServerResponse { json(Array(text.utf8)) }

    private static func xml(_ operation: LocalAWS.Operation, _ result: String) -> ServerResponse {
        let name = operation.rawValue
        return ServerResponse(
            status: .ok, headerFields: [.contentType: "text/xml"],
            body: Array("<\(name)Response><\(name)Result>\(result)</\(name)Result></\(name)Response>".utf8))
    }

    private static func error(_ status: Int, _ code: String) -> ServerResponse {
        var fields: HTTPFields = [.contentType: "application/json"]
        if let name = HTTPField.Name("x-amzn-ErrorType") { fields[name] = code }
        return ServerResponse(
            status: .init(code: status), headerFields: fields,
            body: Array("{\"Code\":\"\(code)\",\"Message\":\"as prepared\",\"message\":\"as prepared\"}".utf8))
    }
}
