public import Logging

/// Writes log lines to standard error: text for people or JSON for programs, one event a line.
public struct BridgeLogHandler: LogHandler {
    /// What is added to each line.
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let control: LogSink
    private var ownLevel: Logger.Level?

    /// Makes a handler.
    public init(label: String, control: LogSink) {
        self.label = label
        self.control = control
    }

    /// The least level that is written: the one of the whole log, unless this handler was given one of its own.
    public var logLevel: Logger.Level {
        get { ownLevel ?? control.level }
        set { ownLevel = newValue }
    }

    /// A value that is added to each line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        var all = event.metadata ?? [:]
        if !metadata.isEmpty { all.merge(metadata) { own, _ in own } }
        if let error = event.error { all["error"] = "\(error)" }
        control.write(event.level, event.message.description, all, label: label)
    }
}
