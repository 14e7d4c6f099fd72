import AWSCore
import Encoding
import HTTPServer
import HTTPTypes
import JSON

extension APICall {
    /// Routes a request to an operation, and parses its input.
    ///
    /// - Parameters:
    ///   - service: the service in the signature.
    ///   - caller: the access key of the signature.
    /// - Throws: ``ServiceError`` if the operation is not implemented, or its input is malformed.
    init(_ request: ServerRequest, service: String, region: Region, caller: AccessKey) throws(ServiceError) {
        accountRegion = AccountRegion(account: caller.account, region: region)
        self.caller = caller
        (operation, input) =
            switch service {
            case "securityhub": try Self.securityHub(request)
            case "iot": try Self.iot(request)
            case "sts":
                try Self.query(request, version: "2011-06-15", operations: [.getCallerIdentity, .assumeRole])
            case "events": try Self.events(request)
            case "cloudtrail": try Self.cloudTrail(request)
            case "monitoring": try Self.cloudWatch(request)
            default:
                try Self.query(
                    request, version: "2010-03-31",
                    operations: [
                        .confirmSubscription, .listSubscriptionsByTopic, .getSubscriptionAttributes,
                        .getTopicAttributes, .publish,
                    ])
            }
    }

    private static func securityHub(_ request: ServerRequest) throws(ServiceError) -> (LocalAWS.Operation, Input) {
        switch (request.head.method, request.path) {
        case (.post, "/findings/import"): (.batchImportFindings, .json(try body(of: request)))
        case (.post, "/findings"): (.getFindings, .json(try body(of: request)))
        case (.patch, "/findings/batchupdate"): (.batchUpdateFindings, .json(try body(of: request)))
        case (.get, "/hubv2"): (.describeSecurityHubV2, .parameters(try parameters(of: request.query)))
        case (.post, "/findingsv2"): (.getFindingsV2, .json(try body(of: request)))
        case (.get, "/accounts"): (.describeHub, .parameters(try parameters(of: request.query)))
        case (.get, "/productSubscriptions"):
            (.listEnabledProductsForImport, .parameters(try parameters(of: request.query)))
        default: throw unknownOperation(request)
        }
    }

    private static func iot(_ request: ServerRequest) throws(ServiceError) -> (LocalAWS.Operation, Input) {
        switch (request.head.method, request.path) {
        case (.post, "/audit/findings"): return (.listAuditFindings, .json(try body(of: request)))
        case (.post, "/audit/suppressions/list"): return (.listAuditSuppressions, .json(try body(of: request)))
        case (.get, "/violation-events"):
            return (.listViolationEvents, .parameters(try parameters(of: request.query)))
        case (.get, "/active-violations"):
            return (.listActiveViolations, .parameters(try parameters(of: request.query)))
        case (.get, "/audit/tasks"): return (.listAuditTasks, .parameters(try parameters(of: request.query)))
        case (.get, let path) where path.hasPrefix("/things/"):
            let name = PercentEncoding.decode(path.dropFirst("/things/".count).utf8) ?? []
            return (.describeThing, .path(String(decoding: name, as: UTF8.self)))
        case (.get, let path) where path.hasPrefix("/audit/tasks/"):
            let id = path.dropFirst("/audit/tasks/".count)
            let isWellFormed = id.utf8.allSatisfy { byte in
                "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8.contains(byte)
            }
            guard (1...40).contains(id.utf8.count), isWellFormed else {
                throw .invalidRequest("taskId must be 1 to 40 letters, digits and dashes")
            }
            return (.describeAuditTask, .path(String(id)))
        default: throw unknownOperation(request)
        }
    }

    private static func events(_ request: ServerRequest) throws(ServiceError) -> (LocalAWS.Operation, Input) {
        try targeted(request, prefix: "AWSEvents.", operations: [.listRules, .listTargetsByRule])
    }

    private static func cloudTrail(_ request: ServerRequest) throws(ServiceError) -> (LocalAWS.Operation, Input) {
        try targeted(
            request, prefix: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.",
            operations: [.describeTrails, .getTrailStatus])
    }

    private static func cloudWatch(_ request: ServerRequest) throws(ServiceError) -> (LocalAWS.Operation, Input) {
        try targeted(
            request, prefix: "GraniteServiceVersion20100801.",
            operations: [.describeAlarms, .describeAlarmContributors])
    }

    /// Routes by the `X-Amz-Target` field (`aws-json`).
    private static func targeted(
        _ request: ServerRequest, prefix: String, operations: [LocalAWS.Operation]
    ) throws(ServiceError) -> (LocalAWS.Operation, Input) {
        let target = HTTPField.Name("X-Amz-Target").flatMap { request.head.headerFields[$0] } ?? ""
        guard request.head.method == .post, request.path == "/",
            let operation = operations.first(where: { target == prefix + $0.rawValue })
        else { throw unknownOperation(request) }
        return (operation, .json(try body(of: request)))
    }

    /// Parses a call of the query protocol: parameters in the query of a GET, or as a form.
    static func query(
        _ request: ServerRequest, version: String, operations: [LocalAWS.Operation]
    ) throws(ServiceError) -> (LocalAWS.Operation, Input) {
        let text = request.head.method == .post ? String(decoding: request.body, as: UTF8.self) : String(request.query)
        let parameters = try parameters(of: text)
        guard request.path == "/", request.head.method == .post || request.head.method == .get,
            let name = parameters["Action"]
        else { throw ServiceError(400, "MissingAction", "The request must contain the parameter Action.") }
        guard let operation = operations.first(where: { $0.rawValue == name }), parameters["Version"] == version else {
            throw ServiceError(
                400, "InvalidAction",
                "Could not find operation \(name) for version \(parameters["Version"] ?? "NO_VERSION_SPECIFIED")")
        }
        return (operation, .parameters(parameters))
    }

    private static func parameters(of text: some StringProtocol) throws(ServiceError) -> [String: String] {
        guard let parameters = PercentEncoding.parameters(text) else {
            throw ServiceError(400, "MalformedQueryString", "The query string contains a syntax error.")
        }
        return parameters
    }

    private static func body(of request: ServerRequest) throws(ServiceError) -> JSON {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: request.body, limits: JSONLimits(values: 1_000_000))
        } catch {
            throw ServiceError(400, "SerializationException", "The body is not JSON: \(error)")
        }
        guard json.object != nil else {
            throw ServiceError(400, "SerializationException", "Start of structure expected")
        }
        return json
    }

    private static func unknownOperation(_ request: ServerRequest) -> ServiceError {
        ServiceError(
            404, "UnknownOperationException",
            "LocalAWS does not implement \(request.head.method.rawValue) \(request.path)")
    }
}
