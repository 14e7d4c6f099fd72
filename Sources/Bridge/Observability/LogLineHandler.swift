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
        var all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        if let error = event.error { all["error"] = "\(error)" }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        let line =
            switch format {
            case .json: Self.json(event.level, "\(event.message)", all, label: label, at: now)
            case .text: Self.text(event.level, "\(event.message)", all, at: now)
            }
        Self.write(Array((line + "\n").utf8))
    }

    /// Writes whole lines. Up to `PIPE_BUF` bytes the system itself keeps a line whole, and no thread waits for another.
    private static func write(_ line: [UInt8]) {
        if line.count <= Int(PIPE_BUF), Glibc.write(STDERR_FILENO, line, line.count) == line.count { return }
        output.withLock { _ in try? FileHandle.standardError.write(contentsOf: Data(line)) }
    }

    static func json(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String, at time: Timestamp
    ) -> String {
        var members: [String: JSON] = metadata.mapValues { .string("\($0)") }
        members["time"] = .string(time.iso8601)
        members["level"] = .string(level.rawValue)
        members["message"] = .string(message)
        members["logger"] = .string(label)
        return String(decoding: JSON.object(members).serialized(), as: UTF8.self).escapingControlsInJSON()
    }

    /// Control characters are escaped, so that what a sender wrote cannot forge a line.
    static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, at time: Timestamp
    ) -> String {
        let details = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
        return "\(time.iso8601) \(level.rawValue.uppercased()) \(message)\(details)".escapingControls()
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        return isPlain && !text.isEmpty ? text : String(decoding: JSON.string(text).serialized(), as: UTF8.self)
    }
}
