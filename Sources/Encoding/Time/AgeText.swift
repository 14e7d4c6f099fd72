/// Formats an age.
package enum AgeText {
    /// The two largest units, for example `3d 4h`, `5m 0s` or `7s`.
    ///
    /// - Parameter milliseconds: the age; a negative one counts as 0.
    package static func text(_ milliseconds: Int64) -> String {
        let seconds = max(milliseconds, 0) / 1000
        let units = [
            ("d", seconds / 86_400), ("h", seconds / 3600 % 24), ("m", seconds / 60 % 60), ("s", seconds % 60),
        ]
        let first = units.firstIndex { $0.1 > 0 } ?? units.count - 1
        return units[first...].prefix(2).map { "\($0.1)\($0.0)" }.joined(separator: " ")
    }
}
