import AWSCore
import Admin
import ArgumentParser
import Bridge
import Encoding
import FoundationEssentials
import Store

/// Pauses sending to Security Hub.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pause sending to Security Hub. Incoming messages are still accepted and queued.",
        discussion: """
            Pauses one account, one mapped source or all accounts until defender-bridge resume. Running bridges stop processing within 2s and \
            return deliveries in progress to the queue. A pause persists across restarts.

            Example:
              defender-bridge pause --account 111122223333 --reason "Security Hub migration"
            """)

    @OptionGroup var store: StoreOptions

    @Option(
        help: ArgumentHelp("Pause this account only. Default: all accounts.", valueName: "account"),
        transform: OptionText.account)
    var account: AccountID?

    @Option(
        help: ArgumentHelp("Pause this mapped source only, in all accounts.", valueName: "name"),
        transform: OptionText.source)
    var source: String?

    @Option(
        help: ArgumentHelp(
            "Reason for the pause, shown by defender-bridge queue and on the status page.", valueName: "text"))
    var reason: String?

    @Flag(help: QuietHelp.text)
    var quiet = false

    func validate() throws { try PauseScope.check(account, source) }

    func run() async throws {
        let user = ProcessInfo.processInfo.environment["SUDO_USER"] ?? ProcessInfo.processInfo.userName
        let pause = Pause(
            PauseScope.scope(account, source), pausedBy: "\(user)@\(ProcessInfo.processInfo.hostName)",
            pausedAt: WallClock.now(), reason: reason)
        try await store.withStore(.maintenance) { try await $0.pause(pause) }
        if !quiet { print(QueueReport.line(pause)) }
    }
}

/// Resumes sending to Security Hub.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Resume sending to Security Hub.",
        discussion: """
            Ends the pause of one account or one mapped source or, without --account and --source, the pause of all \
            accounts; the other pauses then remain and are printed. Succeeds also if there is no pause.

            Example:
              defender-bridge resume --account 111122223333
            """)

    @OptionGroup var store: StoreOptions

    @Option(
        help: ArgumentHelp("End the pause of this account. Default: the pause of all accounts.", valueName: "account"),
        transform: OptionText.account)
    var account: AccountID?

    @Option(
        help: ArgumentHelp("End the pause of this mapped source.", valueName: "name"), transform: OptionText.source)
    var source: String?

    @Flag(help: QuietHelp.text)
    var quiet = false

    func validate() throws { try PauseScope.check(account, source) }

    func run() async throws {
        let scope = PauseScope.scope(account, source)
        let (ended, others) = try await store.withStore(.maintenance) { store in
            (try await store.resume(scope), try await store.pauses())
        }
        guard !quiet else { return }
        print(ended == nil ? "Sending was not paused for \(scope.words)." : "Sending resumed for \(scope.words).")
        StoreOptions.show(others.map(QueueReport.line))
    }
}

/// What the options of a command select.
private enum PauseScope {
    static func check(_ account: AccountID?, _ source: String?) throws {
        guard account == nil || source == nil else {
            throw ValidationError("Specify either --account or --source.")
        }
    }

    static func scope(_ account: AccountID?, _ source: String?) -> Pause.Scope {
        account.map(Pause.Scope.account) ?? source.map(Pause.Scope.source) ?? .all
    }
}
