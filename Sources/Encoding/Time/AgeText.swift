/// Formats an age.
package enum AgeText {
    /// The two largest units, for example `3d 4h`, `5m 0s` or `7s`; a negative age counts as 0.
    package static func text(_ age: Duration) -> String {
        let seconds = max(age, .zero).components.seconds
        let units = [
            ("d", seconds / 86_400), ("h", seconds / 3600 % 24), ("m", seconds / 60 % 60), ("s", seconds % 60),
        ]
        let first = units.firstIndex { $0.1 > 0 } ?? units.count - 1
        return units[first...].prefix(2).map { "\($0.1)\($0.0)" }.joined(separator: " ")
    }
}
