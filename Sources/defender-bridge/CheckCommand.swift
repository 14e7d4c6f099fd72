import ArgumentParser
import Bridge
import FoundationEssentials
import JSON
import Synchronization

/// Checks configuration, store, AWS access and topics before the bridge is used.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check configuration, store, AWS access and topics, and report problems.",
        discussion: """
            Checks the configuration, the store, the TLS certificate with its chain and host names, the clock and the AWS \
            credentials; for each account and Region the role, Security Hub, AWS's own integration, the permissions, the \
            EventBridge rule and CloudTrail; for each topic the signature version, the subscription and its policies; for each \
            mapped source the mapping with its tests, the secrets, the topics and Security Hub of its accounts.

            Changes and creates nothing. Run as root, the command continues as the owner of the store's folder. Checks that \
            the credentials do not permit are reported as not checked.

            Exit code 0: no check failed; warnings and skipped checks are not failures. Exit code 1: at least one failed.

            Example:
              defender-bridge check
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Subscribed URL to check, for example https://bridge.example.com/sns. Default: any subscribed URL that ends in "
                + "/sns.", valueName: "url"))
    var endpoint: String?

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let checks = Mutex<[PreflightCheck]>([])
        let isJSON = json
        let colors = TerminalColors()
        var hasPassed = false
        switch Result(catching: { () throws(ConfigurationError) in
            try options.loadForStore(environment: environment, reloadsAsOwner: true)
        }) {
        case .success(let configuration):
            hasPassed = await Preflight.run(
                configuration: configuration, environment: environment, endpoint: endpoint
            ) { check in
                if !isJSON { print(check.text(marking: colors.marked)) }
                checks.withLock { $0.append(check) }
            }
        case .failure(let error):
            guard json else { throw error }
            checks.withLock { $0 += error.all.map { PreflightCheck($0) } }
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

    /// The last line: the number of checks that passed, failed and were skipped.
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
