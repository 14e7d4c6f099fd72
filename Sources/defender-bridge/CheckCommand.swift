import ArgumentParser
import Bridge
import Foundation
import JSON
import Synchronization

/// Tries everything that the bridge needs.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Try everything that the bridge needs, and say what is missing.",
        discussion: """
            Looks at the configuration, the store, the TLS files, the clock and the credentials; in each account and Region \
            at the role, at Security Hub and at the permissions; at the subscriptions of the topics; and at the rule of \
            EventBridge. Nothing is changed. The exit code is 0 if nothing failed; what the credentials may not look at \
            is not checked, which is no failure.
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
            let configuration = try options.load(environment: environment)
            hasPassed = await Preflight.run(
                configuration: configuration, environment: environment, endpoint: endpoint
            ) { check in
                if !isJSON { print(check.text(marking: colors.marked)) }
                checks.withLock { $0.append(check) }
            }
        } catch let error as ConfigurationError where json {
            checks.withLock { $0.append(PreflightCheck(error)) }
        }
        if json {
            let report: JSON = [
                "passed": .bool(hasPassed), "checks": .array(checks.withLock { $0 }.map(\.json)),
            ]
            print(report.prettyPrinted())
        }
        guard hasPassed else { throw ExitCode(1) }
    }
}

extension TerminalColors {
    fileprivate func marked(_ outcome: PreflightCheck.Outcome, _ word: String) -> String {
        switch outcome {
        case .passed: good(word)
        case .failed: bad(word)
        case .skipped: word
        }
    }
}
