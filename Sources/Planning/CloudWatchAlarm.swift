package import AWSCore
import Encoding
package import JSON

/// An alarm as Amazon CloudWatch's `DescribeAlarms` describes it.
package struct CloudWatchAlarm: Sendable {
    /// What is known about the contributors of an alarm that are in ALARM.
    package enum Contributors: Sendable, Hashable {
        /// None is.
        case none
        /// `DescribeAlarmContributors` lists them. With `isComplete` false, others may be in ALARM, too.
        case listed(isComplete: Bool)
        /// Unknown: their findings keep their state.
        case unknown
    }

    /// The name, unique in the account and Region.
    package let name: String
    /// The ARN; nil if the description has none.
    package let arn: String?
    /// The ARNs of the actions.
    package let actions: [String]
    private let description: JSON

    /// Parses an element of the response; nil without name.
    package init?(_ description: JSON) {
        guard let name = description["AlarmName"]?.string, !name.isEmpty else { return nil }
        self.name = name
        self.description = description
        arn = description["AlarmArn"]?.string
        actions = ["AlarmActions", "OKActions"].flatMap { description[$0]?.array ?? [] }.compactMap(\.string)
    }

    /// A log alarm reports the state of its contributors, and no state of its own.
    private var isLogAlarm: Bool { description["ScheduledQueryConfiguration"] != nil }

    /// Whether the alarm has a finding of its own, which is active.
    package var isRaised: Bool { !isLogAlarm && description["StateValue"] == "ALARM" }

    /// What is known about its contributors.
    package var contributors: Contributors {
        switch description["StateValue"] {
        case "OK": return .none
        case "ALARM" where isLogAlarm:
            // EVALUATION_ERROR, EVALUATION_FAILURE and PARTIAL_DATA: the last query does not show all contributors.
            return .listed(isComplete: description["EvaluationState"] == nil)
        default: return .unknown
        }
    }

    // MARK: Events

    /// The event `CloudWatch Alarm State Change` with which the alarm went into its state (Amazon CloudWatch User Guide,
    /// "Alarm events and EventBridge").
    package func event(in accountRegion: AccountRegion) -> JSON {
        var configuration: JSON.Members = [:]
        configuration["description"] = description["AlarmDescription"]
        if let metric = description["MetricName"] {
            var named: JSON.Members = ["name": metric]
            named["namespace"] = description["Namespace"]
            configuration["metrics"] = [["metricStat": ["metric": .object(named)]]]
        }
        return event(
            "CloudWatch Alarm State Change", at: Self.time(description["StateTransitionedTimestamp"]),
            in: accountRegion,
            [
                "state": state(
                    description["StateValue"], reason: description["StateReason"],
                    at: description["StateTransitionedTimestamp"]), "configuration": .object(configuration),
            ])
    }

    /// The event `CloudWatch Alarm Contributor State Change` with which a contributor went into ALARM.
    ///
    /// - Parameter contributor: an element of the response to `DescribeAlarmContributors`.
    /// - Returns: nil if it has no ID.
    package func event(of contributor: JSON, in accountRegion: AccountRegion) -> JSON? {
        guard let id = contributor["ContributorId"], id.string != nil else { return nil }
        let time = contributor["StateTransitionedTimestamp"]
        return event(
            "CloudWatch Alarm Contributor State Change", at: Self.time(time), in: accountRegion,
            [
                "alarmContributor": ["id": id, "attributes": contributor["ContributorAttributes"] ?? [:]],
                "state": state("ALARM", reason: contributor["StateReason"], at: time),
                "configuration": .object(queryConfiguration),
            ])
    }

    private var queryConfiguration: JSON.Members {
        let query = description["ScheduledQueryConfiguration"]
        var members: JSON.Members = [:]
        members["logGroupIdentifiers"] = query?["LogGroupIdentifiers"]
        members["queryString"] = query?["QueryString"]
        members["aggregationExpression"] = query?["AggregationExpression"]
        members["threshold"] = description["Threshold"]
        members["comparisonOperator"] = description["ComparisonOperator"]
        members["description"] = description["AlarmDescription"]
        return members
    }

    private func event(
        _ type: String, at time: Timestamp?, in accountRegion: AccountRegion, _ detail: JSON.Members
    ) -> JSON {
        var members: JSON.Members = [
            "version": "0", "detail-type": .string(type), "source": "aws.cloudwatch",
            "account": .string(accountRegion.account.digits), "region": .string(accountRegion.region.name),
            "resources": .array(arn.map { [.string($0)] } ?? []),
            "detail": .object(detail.merging(["alarmName": .string(name)]) { first, _ in first }),
        ]
        members["time"] = time.map { .string($0.iso8601Seconds) }
        return .object(members)
    }

    private func state(_ value: JSON?, reason: JSON?, at time: JSON?) -> JSON {
        var members: JSON.Members = [:]
        members["value"] = value
        members["reason"] = reason
        members["timestamp"] = Self.time(time).map { .string($0.iso8601) }
        return .object(members)
    }

    /// A time in the AWS JSON protocol: seconds since 1970.
    private static func time(_ json: JSON?) -> Timestamp? { json?.double.flatMap { Timestamp(seconds: $0) } }
}
