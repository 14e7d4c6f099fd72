import AWSCore
import ArgumentParser
import Bridge
import Foundation
import JSON
import Store

/// The configuration of a command that works on the store, beside a bridge that serves from it or without one.
struct StoreOptions: ParsableArguments {
    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    /// Opens the store, and closes it when the work is done.
    ///
    /// - Throws: what the body throws; a `StoreError` becomes a ``CommandError`` with its words.
    func withStore<Value>(
        _ access: StoreAccess, _ body: (any Store) async throws -> Value
    ) async throws -> Value {
        let configuration = try options.loadForStore(environment: ProcessInfo.processInfo.environment)
        let store = try await StoreFactory.open(configuration.store, for: access)
        let result: Result<Value, any Error>
        do { result = .success(try await body(store)) } catch { result = .failure(error) }
        await store.close()
        do {
            return try result.get()
        } catch let error as StoreError {
            throw CommandError(message: error.message, exitCode: error.code == .unavailable ? 75 : 1)
        }
    }

    /// The present time in milliseconds since 1970.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// Prints a value for programs.
    static func show(_ json: JSON) { print(json.prettyPrinted()) }

    /// Prints lines for people.
    static func show(_ lines: [String]) { for line in lines { print(line) } }
}

/// Reads the values of options.
enum OptionText {
    /// An account: 12 digits.
    @Sendable static func account(_ text: String) throws -> AccountID {
        try value(AccountID(text), "an account is 12 digits")
    }

    /// A Region.
    @Sendable static func region(_ text: String) throws -> Region {
        try value(Region(text), "a Region has a name like us-east-1")
    }

    /// A duration.
    @Sendable static func duration(_ text: String) throws -> Duration {
        try value(Duration(text), "a duration is written like 30s, 15m, 1h or 7d")
    }

    /// How deliveries arrived.
    @Sendable static func channels(_ text: String) throws -> Set<Delivery.Channel> {
        let channels = Delivery.Channel.named(text)
        return try value(channels.isEmpty ? nil : channels, "a channel is sns, eventBridge or internal")
    }

    private static func value<Value>(_ value: Value?, _ rule: String) throws -> Value {
        guard let value else { throw ValidationError(rule) }
        return value
    }
}
