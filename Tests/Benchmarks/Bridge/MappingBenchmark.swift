import AWSCore
import ArgumentParser
import Bridge
import DeviceDefender
import Encoding
import JSON
import SecurityFindings
import SourceMapping
import TestSupport

/// What it costs to map an alert of a mapped source, compared with an alarm of Device Defender: from the bytes of the
/// message to those of the finding.
struct MappingBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mapping", abstract: "CPU of mapping an alert, compared with that of an alarm of Device Defender.")

    @Option(help: "Number of messages of each kind in a run.")
    var messages = 2000

    func run() throws {
        guard let account = AccountID("111122223333"), let region = Region("eu-central-1") else {
            throw BenchmarkError(description: "the account or the Region is malformed")
        }
        let accountRegion = AccountRegion(account: account, region: region)
        let mapping = try MappingFile(BuiltInMapping.nozomi).mapping
        let alert = try Self.alert()
        let context = ItemContext(source: "plant", accountRegion: accountRegion, receivedAt: .latest)
        var sizes = (alarm: 0, alert: 0)
        let ratio = CPUTime.ratio(
            of: {
                for _ in 0..<messages { sizes.alarm = Self.alarmFinding(accountRegion)?.count ?? 0 }
            },
            to: {
                for _ in 0..<messages { sizes.alert = Self.alertFinding(alert, mapping, context)?.count ?? 0 }
            })
        guard sizes.alarm > 0, sizes.alert > 0 else { throw BenchmarkError(description: "a message became no finding") }
        print("Finding of an alarm: \(sizes.alarm) bytes; of a Nozomi alert of \(alert.count) bytes: \(sizes.alert).")
        var goals = Goals()
        goals.expect("CPU of a Nozomi alert, compared with an alarm", ratio, atMost: 3, "times")
        try goals.report()
    }

    /// The first test message of the built-in mapping: an alert with all its members.
    private static func alert() throws -> [UInt8] {
        let tree = try MappingFile(BuiltInMapping.nozomi).tree
        guard let message = tree["tests"]?.array?.first?["message"] else {
            throw BenchmarkError(description: "the mapping has no test")
        }
        return message.serialized()
    }

    private static func alertFinding(_ alert: [UInt8], _ mapping: Mapping, _ context: ItemContext) -> [UInt8]? {
        guard let message = try? JSON(parsing: alert), let item = try? mapping.items(in: message).first,
            case .finding(let mapped) = try? mapping.outcome(of: item, in: context)
        else { return nil }
        return mapped.finding.serialized()
    }

    private static func alarmFinding(_ accountRegion: AccountRegion) -> [UInt8]? {
        guard let json = try? JSON(parsing: alarm), case .alarm(let alarm) = try? DeviceDefenderMessage(json) else {
            return nil
        }
        return SecurityFinding(alarm: alarm, accountRegion: accountRegion).serialized()
    }

    private static let alarm = Array(
        """
        {"violationEventTime":1795341600000,"thingName":"pump-17","behavior":{"criteria":{"consecutiveDatapointsToClear":1,\
        "value":{"count":50},"consecutiveDatapointsToAlarm":1,"comparisonOperator":"less-than","durationSeconds":300},\
        "name":"MessagesSent-High","metric":"aws:num-messages-sent","suppressAlerts":false},"violationEventType":"in-alarm",\
        "metricValue":{"count":54},"violationId":"37e18651d207bbc74236c13faf146127","securityProfileName":"Fleet"}
        """.utf8)
}
