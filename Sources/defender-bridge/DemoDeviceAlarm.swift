import AWSCore
import JSON
import LocalAWS

/// A log alarm of Amazon CloudWatch that a device of the demo raises and clears, like those of
/// `deploy/cloudformation/device-alarms.yaml`.
struct DemoDeviceAlarm: Sendable {
    private static let device = ["clientId": "pump-17"]

    let accountRegion: AccountRegion

    /// The alarm.
    let alarm = LogAlarm(
        name: "iot-AuthorizationFailures-High", description: "Authorization failures of a device within 5 minutes.",
        query: "filter reason = 'AUTHORIZATION_FAILURE' | stats count(*) as failures by clientId",
        aggregation: "SUM(failures) by clientId", threshold: 5)

    /// The source in the configuration file of the bridge.
    var source: String {
        """
          iot-alarms:
            mapping: cloudwatch-alarm
            events: [{source: [aws.cloudwatch], detail: {alarmName: [{prefix: iot-}]}}]
            accounts: all
        """
    }

    /// Raises or clears the alarm of the device; returns the events.
    func set(_ isInAlarm: Bool, in aws: LocalAWS) -> [JSON] {
        aws.setContributor(
            Self.device, of: alarm.name, isInAlarm: isInAlarm, value: isInAlarm ? 19 : 0, in: accountRegion)
    }

    /// Whether a finding is that of the alarm.
    static func isFinding(_ id: String) -> Bool { id.contains(":iot-alarms/iot-AuthorizationFailures-High/") }
}
