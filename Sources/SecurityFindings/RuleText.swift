import DeviceDefender

/// Texts of behaviors and measured values.
enum RuleText {
    /// The expected values, for example `less than 10, over 300 seconds`.
    static func expected(_ criteria: BehaviorCriteria) -> String {
        var text = threshold(criteria)
        if let seconds = criteria.durationSeconds { text += ", over \(counted(seconds, "second"))" }
        if let datapoints = criteria.consecutiveDatapointsToAlarm, datapoints > 1 {
            text += " (alarm after \(datapoints) consecutive violations)"
        }
        return text
    }

    private static func threshold(_ criteria: BehaviorCriteria) -> String {
        switch criteria.threshold {
        case .machineLearning: return "within the range the ML model predicts"
        case .statistical(let statistic):
            return "\(position(criteria.comparisonOperator)) the fleet's \(percentile(statistic))"
        case .fixed(let value):
            return "\(words(criteria.comparisonOperator)) \(text(value))"
        }
    }

    /// The comparison with a percentile.
    private static func position(_ comparison: ComparisonOperator?) -> String {
        switch comparison {
        case .lessThan: "below"
        case .lessThanEquals: "at or below"
        case .greaterThan: "above"
        case .greaterThanEquals: "at or above"
        default: words(comparison)
        }
    }

    /// The text for a statistic of the AWS IoT API: `p99` is the 99th percentile.
    static func percentile(_ statistic: String) -> String {
        let number = statistic.dropFirst()
        guard statistic.first == "p" || statistic.first == "P", !number.isEmpty,
            number.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") })
        else { return statistic }
        let ending =
            switch number {
            case _ where number.utf8.contains(UInt8(ascii: ".")): "th"
            case _ where number.hasSuffix("11") || number.hasSuffix("12") || number.hasSuffix("13"): "th"
            case _ where number.hasSuffix("1"): "st"
            case _ where number.hasSuffix("2"): "nd"
            case _ where number.hasSuffix("3"): "rd"
            default: "th"
            }
        return "\(number)\(ending) percentile"
    }

    private static func words(_ comparison: ComparisonOperator?) -> String {
        switch comparison {
        case nil: "threshold"
        case .lessThan: "less than"
        case .lessThanEquals: "at most"
        case .greaterThan: "greater than"
        case .greaterThanEquals: "at least"
        case .inCIDRSet: "all in the CIDR blocks"
        case .notInCIDRSet: "none in the CIDR blocks"
        case .inPortSet: "all in the ports"
        case .notInPortSet: "none in the ports"
        case .inSet: "all in the set"
        case .notInSet: "none in the set"
        case .other(let word): word
        }
    }

    /// The text of a value: lists are comma-separated, long ones truncated with the number of omitted elements.
    static func text(_ value: MetricValue) -> String {
        switch value {
        case .count(let count): String(count)
        case .number(let number): text(number)
        case .cidrs(let blocks): list(blocks)
        case .ports(let ports): list(ports.map { String($0) })
        case .numbers(let numbers): list(numbers.map(text))
        case .strings(let strings): list(strings)
        }
    }

    private static func text(_ number: Double) -> String {
        Int64(exactly: number).map { String($0) } ?? "\(number)"
    }

    private static func list(_ elements: [String]) -> String {
        guard !elements.isEmpty else { return "none" }
        let shown = elements.prefix(20).compactMap { FindingText.bounded($0, to: 64) }.joined(separator: ", ")
        return elements.count > 20 ? "\(shown) and \(elements.count - 20) more" : shown
    }

    /// A count with its noun, for example `1 second` or `1,000 resources`.
    static func counted(_ count: Int64, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : "\(grouped(count)) \(noun)s"
    }

    /// A number with thousands separators.
    static func grouped(_ count: Int64) -> String {
        let digits = Array(String(count.magnitude))
        let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[max(0, $0 - 3)..<$0]) }
        return (count < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }
}
