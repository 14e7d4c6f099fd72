import AWSCore
import ArgumentParser
import Bridge
import Foundation
import Store

/// Holds delivery back.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Hold delivery to Security Hub back, while deliveries are still received.",
        discussion: """
            Nothing of the account, or of any if none is named, is worked on until defender-bridge resume. A bridge that is \
            running stops within two seconds, and gives back what it was working on. What is received meanwhile is kept. A \
            restart changes nothing.
            """)

    @OptionGroup var store: StoreOptions

    @Option(
        help: ArgumentHelp("Only this account. Default: all.", valueName: "12 digits"), transform: OptionText.account)
    var account: AccountID?

    @Option(help: ArgumentHelp("Why, for people to read.", valueName: "text"))
    var reason: String?

    func run() async throws {
        let user = ProcessInfo.processInfo.environment["SUDO_USER"] ?? NSUserName()
        let pause = Pause(
            account: account, pausedBy: "\(user)@\(ProcessInfo.processInfo.hostName)", pausedAt: StoreOptions.now,
            reason: reason)
        try await store.withStore(.maintenance) { try await $0.pause(pause) }
        print(QueueReport.line(pause))
    }
}

/// Ends a pause.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with delivery that was paused.",
        discussion: """
            Ends the pause of the account or, if none is named, that of all accounts. Pauses of single accounts go on then, \
            and are told. It is no error if there was no pause.
            """)

    @OptionGroup var store: StoreOptions

    @Option(
        help: ArgumentHelp("Only this account. Default: the pause of all.", valueName: "12 digits"),
        transform: OptionText.account)
    var account: AccountID?

    func run() async throws {
        let (ended, others) = try await store.withStore(.maintenance) { store in
            (try await store.resume(account), try await store.pauses())
        }
        let what = account.map { "account \($0)" } ?? "all accounts"
        print(ended == nil ? "Delivery was not paused for \(what)." : "Delivery goes on for \(what).")
        StoreOptions.show(others.map(QueueReport.line))
    }
}
