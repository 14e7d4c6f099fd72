import Bridge
import Glibc
import Logging

extension BridgeConfiguration {
    /// The log on standard error, as the configuration says it.
    ///
    /// - Parameter level: what is less than this is left out, too.
    func logger(atLeast level: Logger.Level = .trace) -> Logger {
        let format = logFormat ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
        let level = max(logLevel, level)
        return Logger(label: "defender-bridge") { LogLineHandler(label: $0, level: level, format: format) }
    }
}
