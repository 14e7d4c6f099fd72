extension Duration {
    private static var attosecondsPerMillisecond: Int64 { 1_000_000_000_000_000 }

    /// Whole milliseconds, rounded toward zero, or the nearest value that fits.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds.saturatingMultiplied(by: 1000)
            .saturatingAdding(attoseconds / Self.attosecondsPerMillisecond)
    }

    /// The duration without its sign.
    public var magnitude: Duration { self < .zero ? .zero - self : self }

    /// Whole milliseconds, rounded up, or the nearest value that fits. A timer that runs for them does not end early.
    public var millisecondsRoundedUp: Int64 {
        let milliseconds = milliseconds
        return components.attoseconds % Self.attosecondsPerMillisecond > 0
            ? milliseconds.saturatingAdding(1) : milliseconds
    }
}
