import AWSCore
import Encoding
import HTTPTypes
import JSON

/// An alert that the demo posts like Prometheus Alertmanager to the webhook of a mapped source.
struct DemoAlert: Sendable {
    /// The path of the webhook.
    static let path = "/webhooks/alertmanager"
    private static let token = "token-of-the-demo-only"
    private static let fingerprint = "01f76dcbb04c0a32"

    /// The credentials of the webhook.
    static let headerFields: HTTPFields = [.authorization: "Bearer \(token)"]

    private let accountRegion: AccountRegion
    private let start: Timestamp

    /// - Parameter start: since when the alert is firing.
    init(accountRegion: AccountRegion, start: Timestamp) {
        self.accountRegion = accountRegion
        self.start = start
    }

    /// The source in the configuration file of the bridge.
    var source: String {
        """
          alertmanager:
            mapping: alertmanager
            webhook:
              account: "\(accountRegion.account)"
              region: \(accountRegion.region)
              auth: {bearer: {token: \(Self.token)}}
        """
    }

    /// Whether a finding is that of the alert.
    static func isFinding(_ id: String) -> Bool { id.hasSuffix(":alertmanager/\(fingerprint)") }

    /// The notification that the alert is firing.
    var firing: JSON { notification("firing", endsAt: "0001-01-01T00:00:00Z") }

    /// The notification that the alert is resolved.
    var resolved: JSON { notification("resolved", endsAt: (start + .seconds(600)).iso8601) }

    private func notification(_ status: JSON, endsAt: String) -> JSON {
        let labels: JSON = [
            "alertname": "BrokerAuthFailures", "instance": "broker-1:9234", "severity": "critical",
        ]
        let annotations: JSON = ["summary": "Many failed logins on broker-1"]
        return [
            "version": "4", "groupKey": #"{}:{alertname="BrokerAuthFailures"}"#, "truncatedAlerts": 0,
            "status": status, "receiver": "defender-bridge", "groupLabels": ["alertname": "BrokerAuthFailures"],
            "commonLabels": labels, "commonAnnotations": annotations,
            "externalURL": "http://alertmanager.example.com:9093",
            "alerts": [
                [
                    "status": status, "labels": labels, "annotations": annotations,
                    "startsAt": .string(start.iso8601), "endsAt": .string(endsAt),
                    "generatorURL": "http://prometheus.example.com:9090/graph",
                    "fingerprint": .string(Self.fingerprint),
                ]
            ],
        ]
    }
}
