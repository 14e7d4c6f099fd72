package import Logging

/// A swift-log handler that writes to a ``LogSink``, one line per event.
package struct BridgeLogHandler: LogHandler {
    /// Metadata of every line.
    package var metadata: Logger.Metadata = [:]
    /// Provides further metadata of every line.
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let sink: LogSink
    private var ownLevel: Logger.Level?

    /// Creates a handler.
    package init(label: String, sink: LogSink) {
        self.label = label
        self.sink = sink
    }

    /// The lowest level that is written: the level of the log, unless this handler has its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? sink.level }
        set { ownLevel = newValue }
    }

    /// A metadata value of every line.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    package func log(event: Logging.LogEvent) {
        sink.write(event.level, event.message.description, allMetadata(of: event), label: label)
    }

    /// The metadata of a line: the event's takes precedence over the provider's, and that over the handler's.
    func allMetadata(of event: Logging.LogEvent) -> Logger.Metadata {
        var all = event.metadata ?? [:]
        if let metadataProvider { all.merge(metadataProvider.get()) { own, _ in own } }
        all.merge(metadata) { own, _ in own }
        if let error = event.error { all[LogMetadataKey.error.rawValue] = "\(error)" }
        return all
    }
}
