import Bridge
import Logging
import Telemetry

extension BridgeConfiguration {
    /// Makes the log on standard error with the configured level and format.
    ///
    /// - Parameter level: lines below this level are dropped, whatever the configuration says.
    func log(atLeast level: Logger.Level = .trace) -> LogSink {
        LogSink(level: logLevel, format: logFormat, atLeast: level)
    }
}
