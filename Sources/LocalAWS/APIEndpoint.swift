import AWSCore
import HTTPServer
import HTTPTypes
import JSON

/// Serves the APIs of all services on one listener; the signature's scope selects the service.
struct APIEndpoint: Sendable {
    let state: CloudState
    /// Receives the messages of `Publish`.
    let published: AsyncStream<TopicMessage>.Continuation

    /// Handles a request.
    func respond(to request: ServerRequest) -> ServerResponse {
        let scope: SignedScope
        do throws(AuthenticationError) {
            scope = try SignedScope(request.head.headerFields[.authorization])
        } catch {
            let style = Self.isQueryProtocol(request) ? APIProtocol.sts : .iot
            return style.response(style.error(for: error))
        }
        guard let style = APIProtocol(service: scope.service) else {
            let error = ServiceError(404, "UnknownServiceException", "LocalAWS has no service \(scope.service)")
            return APIProtocol.iot.response(error)
        }
        let caller: AccessKey
        do throws(AuthenticationError) {
            caller = try authenticate(request, scope: scope)
        } catch {
            return style.response(style.error(for: error))
        }
        do throws(ServiceError) {
            let call = try APICall(request, service: scope.service, region: scope.region, caller: caller)
            return style.response(call.operation, try response(call))
        } catch {
            return style.response(error)
        }
    }

    /// Verifies a request's signature, and returns the access key.
    func authenticate(_ request: ServerRequest, scope: SignedScope) throws(AuthenticationError) -> AccessKey {
        let now = state.clock()
        let key = try state.withLock { (state) throws(AuthenticationError) in
            try state.keys.key(scope.accessKeyID, now: now)
        }
        try SignatureVerifier(request: request, scope: scope).verify(with: key, now: now)
        return key
    }

    private static func isQueryProtocol(_ request: ServerRequest) -> Bool {
        request.path == "/"
            && (request.query.contains("Action=") || request.body.starts(with: "Action=".utf8))
    }

    private func response(_ call: APICall) throws(ServiceError) -> APIOutput {
        let now = state.clock()
        return try state.withLock { (state) throws(ServiceError) in
            state.calls[call.operation, default: 0] += 1
            if let fault = state.faults.next(for: call.operation) { throw fault }
            guard state.throttle?.allows(call.operation, of: call.accountRegion, now: now) ?? true else {
                throw Throttle.rejection(of: call.operation)
            }
            return try output(of: call, state: &state, now: now)
        }
    }

    private func output(
        of call: APICall, state: inout CloudState.Content, now: Int64
    ) throws(ServiceError) -> APIOutput {
        switch (call.operation, call.input) {
        case (.batchImportFindings, .json(let input)):
            .json(try state[hub: call.accountRegion].importFindings(input, now: now))
        case (.getFindings, .json(let input)): .json(try state[hub: call.accountRegion].getFindings(input))
        case (.batchUpdateFindings, .json(let input)):
            .json(try state[hub: call.accountRegion].updateFindings(input, now: now))
        case (.describeHub, _): .json(SecurityHubModel.description(accountRegion: call.accountRegion))
        case (.describeSecurityHubV2, _): .json(try Self.hubV2(call, state).description())
        case (.getFindingsV2, .json(let input)):
            .json(try Self.hubV2(call, state).getFindings(input, of: state[hub: call.accountRegion]))
        case (.describeAuditTask, .path(let id)): .json(try Self.audits(call, state).describeTask(id: id))
        case (.describeThing, .path(let name)): .json(try Self.thing(name, call, state))
        case (.listAuditFindings, .json(let input)): .json(try Self.audits(call, state).listFindings(input))
        case (.listAuditSuppressions, .json(let input)): .json(try Self.audits(call, state).listSuppressions(input))
        case (.listAuditTasks, .parameters(let input)): .json(try Self.audits(call, state).listTasks(input))
        case (.listViolationEvents, .parameters(let input)): .json(try Self.alarms(call, state).listEvents(input))
        case (.listActiveViolations, .parameters(let input)): .json(try Self.alarms(call, state).listActive(input))
        case (.getCallerIdentity, _): .xml(TokenService.callerIdentity(call.caller))
        case (.assumeRole, .parameters(let input)):
            .xml(try TokenService.assumeRole(input, keys: &state.keys, now: now))
        case (.confirmSubscription, .parameters(let input)):
            .xml(try state.topics.confirm(input, isSigned: true))
        case (.listSubscriptionsByTopic, .parameters(let input)): .xml(try state.topics.list(input))
        case (.getSubscriptionAttributes, .parameters(let input)): .xml(try state.topics.attributes(input))
        case (.getTopicAttributes, .parameters(let input)): .xml(try state.topics.topicAttributes(input))
        case (.publish, .parameters(let input)): .xml(try publish(input, now: now))
        case (.listEnabledProductsForImport, _):
            .json(["ProductSubscriptions": .array((state.products[call.accountRegion] ?? []).map(JSON.string))])
        case (.describeTrails, _):
            .json((state.trails[call.accountRegion] ?? Trails()).description(in: call.accountRegion))
        case (.getTrailStatus, _): .json((state.trails[call.accountRegion] ?? Trails()).status)
        case (.listRules, .json): .json((state.rules[call.accountRegion] ?? EventRules()).rules)
        case (.listTargetsByRule, .json(let input)):
            .json(try (state.rules[call.accountRegion] ?? EventRules()).targets(input))
        case (.describeAlarms, .json(let input)): .json(try Self.logAlarms(call, state).describeAlarms(input))
        case (.describeAlarmContributors, .json(let input)):
            .json(try Self.logAlarms(call, state).describeContributors(input))
        default: throw ServiceError(500, "InternalFailure", "The input does not match the operation.")
        }
    }

    /// Implements `Publish`. The message is delivered after the response.
    private func publish(_ parameters: [String: String], now: Int64) throws(ServiceError) -> [XMLElement] {
        let message = try TopicMessage(published: parameters, now: now)
        published.yield(message)
        return [XMLElement("MessageId", message.id)]
    }

    private static func audits(_ call: APICall, _ state: CloudState.Content) -> AuditModel {
        state.audits[call.accountRegion] ?? AuditModel()
    }

    /// Implements `DescribeThing`.
    private static func thing(
        _ name: String, _ call: APICall, _ state: CloudState.Content
    ) throws(ServiceError) -> JSON {
        guard let attributes = state.things[call.accountRegion]?[name] else {
            throw ServiceError(404, "ResourceNotFoundException", "Thing \(name) does not exist.")
        }
        let arn = ARN(service: "iot", accountRegion: call.accountRegion, resource: "thing/\(name)")
        return [
            "thingName": .string(name), "thingArn": .string(arn.description), "defaultClientId": .string(name),
            "attributes": JSON(texts: attributes), "version": 1,
        ]
    }

    private static func hubV2(_ call: APICall, _ state: CloudState.Content) -> SecurityHubV2Model {
        SecurityHubV2Model(accountRegion: call.accountRegion, state: state.hubsV2[call.accountRegion] ?? .off)
    }

    private static func logAlarms(_ call: APICall, _ state: CloudState.Content) -> LogAlarmModel {
        state[logAlarms: call.accountRegion]
    }

    private static func alarms(_ call: APICall, _ state: CloudState.Content) -> AlarmModel {
        state.alarms[call.accountRegion] ?? AlarmModel()
    }
}

extension SecurityHubModel {
    /// The response of `DescribeHub`: Security Hub is enabled in every account.
    static func description(accountRegion: AccountRegion) -> JSON {
        [
            "HubArn": .string(
                ARN(service: "securityhub", accountRegion: accountRegion, resource: "hub/default").description),
            "SubscribedAt": "2026-01-01T00:00:00.000Z", "AutoEnableControls": true,
            "ControlFindingGenerator": "SECURITY_CONTROL",
        ]
    }
}
