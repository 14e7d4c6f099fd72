import ArgumentParser
import Bridge
import Foundation
import JSON
import Synchronization

/// Tries everything that the bridge needs.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check everything that the bridge needs, and report what is missing.",
        discussion: """
            Checks the configuration, the store, the TLS certificate with its chain and name, the clock and the credentials; \
            in each account and Region the role, Security Hub, AWS's own integration, the permissions, the EventBridge rule \
            and CloudTrail; for each topic the signature version, the subscription and its policies. Nothing is changed or \
            created. Run as root, it continues as the owner of the store's folder. The exit code is 0 if nothing failed; a \
            warning is not a failure. \
            What the credentials do not allow to check is reported as not checked, which is not a failure.
            Example: defender-bridge check --config /etc/defender-bridge/bridge.yaml
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Flag(help: "Write JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Where the topics deliver to. Default: any subscribed address that ends in /sns.", valueName: "url"))
    var endpoint: String?

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let checks = Mutex<[PreflightCheck]>([])
        let isJSON = json
        let colors = TerminalColors()
        var hasPassed = false
        do {
            let configuration = try options.loadForStore(environment: environment, reloadsAsOwner: true)
            hasPassed = await Preflight.run(
                configuration: configuration, environment: environment, endpoint: endpoint
            ) { check in
                if !isJSON { print(check.text(marking: colors.marked)) }
                checks.withLock { $0.append(check) }
            }
        } catch let error as ConfigurationError where json {
            checks.withLock { $0.append(PreflightCheck(error)) }
        }
        let all = checks.withLock { $0 }
        if json {
            let report: JSON = ["passed": .bool(hasPassed), "checks": .array(all.map(\.json))]
            print(report.prettyPrinted())
        } else {
            print(Self.summary(all))
        }
        guard hasPassed else { throw ExitCode(1) }
    }

    /// The last line: how many checks passed, failed and were skipped.
    static func summary(_ checks: [PreflightCheck]) -> String {
        func count(_ outcome: PreflightCheck.Outcome) -> Int { checks.count { $0.outcome == outcome } }
        return "\(count(.passed)) passed, \(count(.failed)) failed, \(count(.skipped)) not checked."
    }
}

extension TerminalColors {
    fileprivate func marked(_ outcome: PreflightCheck.Outcome, _ word: String) -> String {
        switch outcome {
        case .passed: success(word)
        case .failed: failure(word)
        case .warning, .skipped: word
        }
    }
}
