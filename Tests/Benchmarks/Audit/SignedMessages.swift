import AWSCore
import JSON
import LocalAWS

/// Alarms as SNS delivers them, each different, signed by version 2.
struct SignedMessages: Sendable {
    let topic: ARN
    /// The bodies of the deliveries.
    let bodies: [[UInt8]]
    /// Where the certificate is that they are signed with.
    let certificateURL: String

    /// Makes so many.
    init(_ count: Int, by aws: LocalAWS) async throws {
        guard let region = Region("us-east-1") else { throw BenchmarkFailure(description: "there is no us-east-1") }
        let topic = ARN(
            service: "sns", origin: Origin(account: aws.credentials.account, region: region), resource: "intake")
        // Signing takes many times as long as verifying: each core does its part.
        bodies = try await withThrowingTaskGroup(of: [[UInt8]].self) { group in
            for part in stride(from: 0, to: count, by: 1000) {
                group.addTask {
                    try aws.sign(
                        (part..<min(part + 1000, count)).map(Self.alarm), of: topic,
                        endpoint: "https://bridge.example/sns", signatureVersion: .two)
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        self.topic = topic
        certificateURL = try JSON(parsing: bodies[0])["SigningCertURL"]?.string ?? ""
    }

    /// The example of AWS's documentation, of another device each.
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
            "metricValue": ["count": 54], "violationId": .string("37e18651d207bbc74236c13faf\(100_000 + number)"),
            "securityProfileName": "Fleet",
        ]
        return String(decoding: alarm.serialized(), as: UTF8.self)
    }

    /// The requests that deliver them, whole.
    var requests: [[UInt8]] {
        bodies.map { body in
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
