/// Saturating arithmetic for times and counts from external input: messages, the store, AWS or the clock.
///
/// Swift's operators trap on overflow, so one absurd value would crash the process. Here a result that does not fit
/// becomes the nearest value that does.
extension FixedWidthInteger {
    /// The sum, or the nearest value that fits.
    public func saturatingAdding(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest value that fits.
    public func saturatingSubtracting(_ other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    /// The product, or the nearest value that fits.
    public func saturatingMultiplied(by other: Self) -> Self {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}

extension Int64 {
    /// The absolute difference of two times; `Int64.max` if it does not fit.
    public func saturatingDistance(to other: Int64) -> Int64 {
        self < other ? other.saturatingSubtracting(self) : saturatingSubtracting(other)
    }
}
