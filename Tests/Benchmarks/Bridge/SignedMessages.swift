import AWSCore
import JSON
import LocalAWS

/// Distinct alarms as SNS delivers them, with signature version 2.
struct SignedMessages: Sendable {
    /// One topic for each Region.
    let topics: [ARN]
    /// The bodies of the deliveries; topics alternate.
    let bodies: [[UInt8]]
    /// URL of the certificate of the first topic.
    let certificateURL: String

    /// Creates a number of messages.
    ///
    /// - Parameter regions: Regions of the topics.
    init(_ count: Int, in regions: [Region], by aws: LocalAWS) async throws {
        let topics = regions.map {
            ARN(
                service: "sns", accountRegion: AccountRegion(account: aws.credentials.account, region: $0),
                resource: "intake")
        }
        // Signing takes much longer than verifying: use all cores.
        let parts = try await withThrowingTaskGroup(of: (Int, [[UInt8]]).self) { group in
            for start in stride(from: 0, to: count, by: 1000) {
                group.addTask {
                    let bodies = try (start..<min(start + 1000, count)).flatMap { number in
                        try aws.sign(
                            [Self.alarm(number)], of: topics[number % topics.count],
                            endpoint: "https://bridge.example/sns", signatureVersion: .two)
                    }
                    return (start, bodies)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        bodies = parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        self.topics = topics
        certificateURL = try JSON(parsing: bodies[0])["SigningCertURL"]?.string ?? ""
    }

    /// The example of AWS's documentation for a device.
    private static func alarm(_ number: Int) -> String {
        let alarm: JSON = [
            "violationEventTime": .integer(1_573_786_800_000 + number), "thingName": .string("pump-\(number)"),
            "violationEventType": "in-alarm",
            "behavior": [
                "name": "MessagesSent-High", "metric": "aws:num-messages-sent", "suppressAlerts": false,
                "criteria": [
                    "comparisonOperator": "less-than", "value": ["count": 10], "durationSeconds": 300,
                    "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1,
                ],
            ],
            "metricValue": ["count": 54], "violationId": .string(violationID(number)), "securityProfileName": "Fleet",
        ]
        return String(decoding: alarm.serialized(), as: UTF8.self)
    }

    private static func violationID(_ number: Int) -> String { "37e18651d207bbc74236c13faf\(100_000 + number)" }

    /// The ids of the findings that these alarms become.
    var findingIDs: [String] {
        bodies.indices.map { number in
            let accountRegion = topics[number % topics.count].accountRegion
            return "arn:aws:iot-device-defender:\(accountRegion.region):\(accountRegion.account):detect/violation/"
                + Self.violationID(number)
        }
    }

    /// The requests that deliver them, whole.
    var requests: [[UInt8]] {
        bodies.enumerated().map { number, body in
            let topic = topics[number % topics.count]
            let head = [
                "POST /sns HTTP/1.1", "Host: bridge.example", "x-amz-sns-message-type: Notification",
                "x-amz-sns-message-id: 22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "x-amz-sns-topic-arn: \(topic)",
                "x-amz-sns-subscription-arn: \(topic):c9135db0-26c4-47ec-8998-413945fb5a96",
                "Content-Type: text/plain; charset=UTF-8", "Content-Length: \(body.count)", "Connection: Keep-Alive",
                "User-Agent: Amazon Simple Notification Service Agent", "Accept-Encoding: gzip,deflate", "", "",
            ]
            return Array(head.joined(separator: "\r\n").utf8) + body
        }
    }
}
