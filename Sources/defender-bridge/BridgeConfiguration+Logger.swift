import Bridge
import Logging

extension BridgeConfiguration {
    /// The log on standard error, as the configuration says it.
    ///
    /// - Parameter level: what is less than this is left out, too.
    func log(atLeast level: Logger.Level = .trace) -> LogSink {
        LogSink(level: logLevel, format: logFormat, atLeast: level)
    }
}
