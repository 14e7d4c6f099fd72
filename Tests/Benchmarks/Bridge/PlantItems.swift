import Foundation
import HTTPClient
import HTTPTypes
import JSON

/// Requests of 1,000 items for the webhook of a mapped source.
enum PlantItems {
    private static let token = "0123456789abcdef0123456789abcdef"
    private static let itemsPerRequest = 1000

    /// The configuration of the source.
    static let sources = """
        sources:
          plant:
            mapping: alertmanager
            webhook: {account: "111122223333", region: us-east-1, auth: {bearer: {token: \(token)}}}
        """

    /// Complete requests with distinct items.
    static func requests(_ count: Int) -> [[UInt8]] {
        (0..<count).map { request in
            let body = body(from: request * itemsPerRequest)
            let head = [
                "POST /webhooks/plant HTTP/1.1", "Host: bridge.example", "Authorization: Bearer \(token)",
                "Content-Type: application/json", "Content-Length: \(body.count)", "", "",
            ]
            return Array(head.joined(separator: "\r\n").utf8) + body
        }
    }

    /// Posts items, whose numbers begin with one, and returns the status of the response.
    static func post(number: Int, to bridge: ServedBridge, by client: HTTPClient) async throws -> Int {
        var request = HTTPRequest(
            method: .post, scheme: "http", authority: "127.0.0.1:\(bridge.port)", path: "/webhooks/plant")
        request.headerFields[.authorization] = "Bearer \(token)"
        return try await client.send(request, body: body(from: number)).response.status.code
    }

    /// Posts 1,000 items each second while something is measured.
    ///
    /// - Parameter number: the number of the first item.
    static func posting<Value: Sendable>(
        from number: Int, to bridge: ServedBridge, by client: HTTPClient,
        while measure: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var next = number
                let start = ContinuousClock.now
                while !Task.isCancelled {
                    let status = try await post(number: next, to: bridge, by: client)
                    guard status == 200 else {
                        throw BenchmarkError(description: "/webhooks/plant responded with \(status)")
                    }
                    next += itemsPerRequest
                    let due = start + .seconds((next - number) / itemsPerRequest)
                    do { try await Task.sleep(until: due, clock: .continuous) } catch { return }
                }
            }
            let value = try await measure()
            group.cancelAll()
            try await group.waitForAll()
            return value
        }
    }

    /// A message of Alertmanager with items that begin with a number.
    private static func body(from number: Int) -> [UInt8] {
        let alerts = (number..<number + itemsPerRequest).map { number -> JSON in
            [
                "status": "firing", "fingerprint": .string("f\(number)"), "startsAt": "2026-11-30T10:00:00.000Z",
                "labels": [
                    "alertname": "PumpRunsDry", "severity": "critical", "instance": .string("pump-\(number):9100"),
                ],
                "annotations": ["summary": .string("Pump \(number) runs dry.")],
            ]
        }
        return JSON.object(["version": "4", "alerts": .array(alerts)]).serialized()
    }
}
