import AWSCore
import ArgumentParser
import Bridge
import Encoding
import FoundationEssentials
import JSON
import Store

/// The options of a command that opens the store, with or without a running bridge.
struct StoreOptions: ParsableArguments {
    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    /// Opens the store for the duration of a closure.
    ///
    /// - Throws: the errors of the closure; a `StoreError` becomes a ``CommandError`` with its message.
    func withStore<Value>(
        _ access: StoreAccess, _ body: (any Store) async throws -> Value
    ) async throws -> Value {
        let configuration = try options.loadForStore(environment: ProcessInfo.processInfo.environment)
        let store = try await StoreFactory.open(configuration.store, for: access)
        do {
            return try await withCleanup {
                try await body(store)
            } cleanup: {
                await store.close()
            }
        } catch let error as StoreError {
            throw CommandError(message: error.message, exitCode: error.code == .unavailable ? 75 : 1)
        }
    }

    /// Prints JSON.
    static func show(_ json: JSON) { print(json.prettyPrinted()) }

    /// Prints lines of text.
    static func show(_ lines: [String]) { for line in lines { print(line) } }
}

/// Parses option values.
enum OptionText {
    /// Parses an account: 12 digits.
    @Sendable static func account(_ text: String) throws -> AccountID {
        try value(AccountID(text), "Use an account of 12 digits.")
    }

    /// Parses a Region.
    @Sendable static func region(_ text: String) throws -> Region {
        try value(Region(text), "Use a Region such as us-east-1.")
    }

    /// Parses a duration.
    @Sendable static func duration(_ text: String) throws -> Duration {
        try value(Duration(text), "Use a duration such as 30s, 15m, 1h or 7d.")
    }

    /// Parses the name of a mapped source.
    @Sendable static func source(_ text: String) throws -> String {
        try value(
            DeliveryLane.isSourceName(text) ? text : nil,
            "Use the name of a source: 1 to 64 lowercase letters, digits and dashes.")
    }

    /// Parses a channel.
    @Sendable static func channels(_ text: String) throws -> Set<Delivery.Channel> {
        let channels = Delivery.Channel.named(text)
        return try value(channels.isEmpty ? nil : Set(channels), "Use sns, eventBridge, webhook or internal.")
    }

    private static func value<Value>(_ value: Value?, _ rule: String) throws -> Value {
        guard let value else { throw ValidationError(rule) }
        return value
    }
}
