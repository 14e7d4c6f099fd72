import AWSCore
import Cryptography
import Encoding
import JSON

/// The log alarms of Amazon CloudWatch in one account and Region (`DescribeAlarms` and `DescribeAlarmContributors` of the
/// Amazon CloudWatch API Reference; Amazon CloudWatch User Guide, "Alarm events and EventBridge").
struct LogAlarmModel {
    private struct Contributor {
        let attributes: [String: String]
        let reason: String
        let since: Timestamp
    }

    private struct State {
        let alarm: LogAlarm
        /// The contributors in ALARM, by ID.
        var contributors: [String: Contributor] = [:]
        var value = "OK"
        var reason = "No contributor is in ALARM."
        var since: Timestamp
    }

    private let accountRegion: AccountRegion
    private var alarms: [String: State] = [:]

    init(accountRegion: AccountRegion) { self.accountRegion = accountRegion }

    // MARK: Changes

    mutating func add(_ alarm: LogAlarm, now: Int64) {
        alarms[alarm.name] = State(alarm: alarm, since: Timestamp(milliseconds: now))
    }

    mutating func setContributor(
        _ attributes: [String: String], of name: String, isInAlarm: Bool, value: Int, now: Int64
    ) -> [JSON] {
        let (id, now) = (Self.contributorID(attributes), Timestamp(milliseconds: now))
        guard var state = alarms[name], (state.contributors[id] != nil) != isInAlarm else { return [] }
        let threshold = state.alarm.threshold
        let reason =
            "Threshold \(isInAlarm ? "C" : "not c")rossed: 1 out of the last 1 query results [\(value).0] was "
            + "\(isInAlarm ? "" : "not ")greater than the threshold (\(threshold).0)."
        state.contributors[id] = isInAlarm ? Contributor(attributes: attributes, reason: reason, since: now) : nil
        var events = [
            event(
                "CloudWatch Alarm Contributor State Change", state.alarm, now,
                [
                    "alarmContributor": ["id": .string(id), "attributes": JSON(texts: attributes)],
                    "state": Self.state(isInAlarm ? "ALARM" : "OK", reason, now),
                ])
        ]
        let isRaised = !state.contributors.isEmpty
        if isRaised != (state.value == "ALARM") {
            let previous = Self.state(state.value, state.reason, state.since)
            (state.value, state.since) = (isRaised ? "ALARM" : "OK", now)
            state.reason = "\(state.contributors.count) time series evaluated to ALARM"
            events.append(
                event(
                    "CloudWatch Alarm State Change", state.alarm, now,
                    ["state": Self.state(state.value, state.reason, now), "previousState": previous]))
        }
        alarms[name] = state
        return events
    }

    mutating func delete(_ name: String, now: Int64) -> JSON? {
        alarms.removeValue(forKey: name).map { state in
            event(
                "CloudWatch Alarm Configuration Change", state.alarm, Timestamp(milliseconds: now),
                ["operation": "delete", "state": Self.state(state.value, nil, state.since)])
        }
    }

    private static func contributorID(_ attributes: [String: String]) -> String {
        Digest.hexadecimal(Array(Digest.sha256(JSON(texts: attributes).serialized()).prefix(8)))
    }

    // MARK: Calls

    private static let invalidToken = ServiceError(400, "InvalidNextToken", "The next token is not valid.")

    /// Implements `DescribeAlarms`: all alarms are log alarms.
    func describeAlarms(_ input: JSON) throws(ServiceError) -> JSON {
        let known: Set<UTF8Text> = ["AlarmTypes", "AlarmNamePrefix", "MaxRecords", "NextToken"]
        guard known.isSuperset(of: input.object.map { Array($0.keys) } ?? []) else {
            throw ServiceError(400, "InvalidParameterCombination", "LocalAWS does not implement a parameter.")
        }
        let limit = input["MaxRecords"].map { $0.integer ?? 0 } ?? 50
        guard (1...100).contains(limit) else {
            throw ServiceError(400, "ValidationError", "MaxRecords must be from 1 to 100")
        }
        let types = input["AlarmTypes"]?.array ?? ["MetricAlarm"]
        let prefix = input["AlarmNamePrefix"]?.string ?? ""
        let all = alarms.values.sorted { $0.alarm.name < $1.alarm.name }
        let page = try Page(
            all.indices, token: input["NextToken"], query: [.array(types), .string(prefix)], limit: Int(limit),
            invalid: Self.invalidToken
        ) { index in
            types.contains("LogAlarm") && all[index].alarm.name.utf8.starts(with: prefix.utf8)
        }
        var response: JSON.Members = [:]
        for type in types { response[UTF8Text((type.string ?? "") + "s")] = [] }
        if types.contains("LogAlarm") { response["LogAlarms"] = .array(page.elements.map { description(all[$0]) }) }
        response["NextToken"] = page.nextToken.map(JSON.string)
        return .object(response)
    }

    /// Implements `DescribeAlarmContributors`.
    func describeContributors(_ input: JSON) throws(ServiceError) -> JSON {
        guard let name = input["AlarmName"]?.string, (1...255).contains(name.unicodeScalars.count) else {
            throw ServiceError(400, "ValidationError", "AlarmName must be 1 to 255 characters")
        }
        guard let state = alarms[name] else {
            throw ServiceError(404, "ResourceNotFoundException", "The alarm \(name) does not exist.")
        }
        let all = state.contributors.sorted { $0.key < $1.key }
        let page = try Page(
            all.indices, token: input["NextToken"], query: .string(name), limit: 50,
            invalid: Self.invalidToken
        ) { _ in true }
        var response: JSON.Members = [
            "AlarmContributors": .array(
                page.elements.map { index in
                    let (id, contributor) = all[index]
                    return [
                        "ContributorId": .string(id), "ContributorAttributes": JSON(texts: contributor.attributes),
                        "StateReason": .string(contributor.reason),
                        "StateTransitionedTimestamp": .number(contributor.since.epochSeconds),
                    ]
                })
        ]
        response["NextToken"] = page.nextToken.map(JSON.string)
        return .object(response)
    }

    private func description(_ state: State) -> JSON {
        let (alarm, since) = (state.alarm, JSON.number(state.since.epochSeconds))
        let role = "arn:\(accountRegion.partition.rawValue):iam::\(accountRegion.account):role/query"
        return [
            "AlarmName": .string(alarm.name), "AlarmArn": .string(arn(of: alarm)),
            "AlarmDescription": .string(alarm.description), "ActionsEnabled": true,
            "AlarmConfigurationUpdatedTimestamp": .number(Timestamp.earliest.epochSeconds),
            "AlarmActions": .array(alarm.actions.map(JSON.string)), "OKActions": [], "InsufficientDataActions": [],
            "StateValue": .string(state.value), "StateReason": .string(state.reason),
            "StateUpdatedTimestamp": since, "StateTransitionedTimestamp": since,
            "ScheduledQueryConfiguration": [
                "QueryString": .string(alarm.query), "LogGroupIdentifiers": [.string(logGroup)],
                "ScheduledQueryRoleARN": .string(role),
                "ScheduleConfiguration": ["ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 420],
                "AggregationExpression": .string(alarm.aggregation),
            ],
            "QueryResultsToEvaluate": 1, "QueryResultsToAlarm": 1, "Threshold": .integer(alarm.threshold),
            "ComparisonOperator": LogAlarm.comparison, "TreatMissingData": "notBreaching",
        ]
    }

    // MARK: Events

    private var logGroup: String {
        ARN(service: "logs", accountRegion: accountRegion, resource: "log-group:AWSIotLogsV2").description
    }

    private func arn(of alarm: LogAlarm) -> String {
        ARN(service: "cloudwatch", accountRegion: accountRegion, resource: "alarm:\(alarm.name)").description
    }

    private func event(_ type: String, _ alarm: LogAlarm, _ now: Timestamp, _ detail: JSON.Members) -> JSON {
        let common: JSON.Members = [
            "alarmName": .string(alarm.name), "configuration": alarm.configuration(logGroup: logGroup),
        ]
        return [
            "version": "0", "id": .string(RandomToken.uuid()), "detail-type": .string(type), "source": "aws.cloudwatch",
            "account": .string(accountRegion.account.digits), "time": .string(now.iso8601Seconds),
            "region": .string(accountRegion.region.name), "resources": [.string(arn(of: alarm))],
            "detail": .object(detail.merging(common) { first, _ in first }),
        ]
    }

    /// The state in events, whose times have an offset without a colon.
    private static func state(_ value: String, _ reason: String?, _ time: Timestamp) -> JSON {
        var members: JSON.Members = [
            "value": .string(value), "timestamp": .string(time.iso8601.dropLast() + "+0000"),
        ]
        members["reason"] = reason.map(JSON.string)
        return .object(members)
    }
}
