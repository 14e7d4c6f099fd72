package import Logging

/// A swift-log handler that writes to a ``LogSink``, one line per event.
package struct BridgeLogHandler: LogHandler {
    /// Metadata of every line.
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let control: LogSink
    private var ownLevel: Logger.Level?

    /// Creates a handler.
    package init(label: String, control: LogSink) {
        self.label = label
        self.control = control
    }

    /// The lowest level that is written: the level of the log, unless this handler has its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? control.level }
        set { ownLevel = newValue }
    }

    /// A metadata value of every line.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    package func log(event: Logging.LogEvent) {
        var all = event.metadata ?? [:]
        if !metadata.isEmpty { all.merge(metadata) { own, _ in own } }
        if let error = event.error { all[LogMetadataKey.error.rawValue] = "\(error)" }
        control.write(event.level, event.message.description, all, label: label)
    }
}
