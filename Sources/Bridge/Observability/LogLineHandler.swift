import DeviceDefender
import Foundation
import Glibc
import JSON
public import Logging
import Synchronization

/// Writes log lines to standard error: text for people or JSON for programs, one event a line.
public struct LogLineHandler: LogHandler {
    /// The least level that is written.
    public var logLevel: Logger.Level
    /// What is added to each line.
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: BridgeConfiguration.LogFormat
    /// Keeps long lines whole when several threads write them.
    private static let output = Mutex(())

    /// Makes a handler.
    public init(label: String, level: Logger.Level, format: BridgeConfiguration.LogFormat) {
        self.label = label
        self.logLevel = level
        self.format = format
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
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        var line =
            switch format {
            case .json: LogLine.json(event.level, event.message.description, all, label: label, at: now)
            case .text: LogLine.text(event.level, event.message.description, all, at: now)
            }
        line.append(UInt8(ascii: "\n"))
        Self.write(line)
    }

    /// Writes whole lines. Up to `PIPE_BUF` bytes the system itself keeps a line whole, and no thread waits for another.
    private static func write(_ line: [UInt8]) {
        if line.count <= Int(PIPE_BUF), Glibc.write(STDERR_FILENO, line, line.count) == line.count { return }
        output.withLock { _ in try? FileHandle.standardError.write(contentsOf: Data(line)) }
    }
}
