package import AWSCore
import Synchronization

/// Admits the first values up to a limit, so that the number of series is bounded. A pure value.
package struct SeriesLimiter<Value: Hashable & Sendable>: Sendable {
    private let limit: Int
    private(set) var admitted: Set<Value> = []

    /// Creates a limiter that admits no value yet.
    package init(_ limit: Int) { self.limit = limit }

    /// Whether a value has series of its own. The answer for a value never changes.
    package mutating func admits(_ value: Value) -> Bool {
        if admitted.contains(value) { return true }
        guard admitted.count < limit else { return false }
        admitted.insert(value)
        return true
    }
}

/// Limits how many account-Regions have series of their own; all others share the label value `other`.
package final class LabelCardinalityLimiter: Sendable {
    /// Most account-Regions with series of their own.
    package static let limit = 100
    /// Label value of all others.
    package static let other = "other"

    private let state: Mutex<SeriesLimiter<AccountRegion>>

    /// Creates a limiter.
    ///
    /// - Parameter limit: the most account-Regions with series of their own.
    package init(limit: Int = LabelCardinalityLimiter.limit) { state = Mutex(SeriesLimiter(limit)) }

    /// The values of the labels `account` and `region`.
    package func labels(of accountRegion: AccountRegion) -> (account: String, region: String) {
        guard state.withLock({ $0.admits(accountRegion) }) else { return (Self.other, Self.other) }
        return (accountRegion.account.digits, accountRegion.region.name)
    }

    /// A value of an account-Region, with further labels.
    package struct Value: Sendable {
        /// The account and Region.
        package let accountRegion: AccountRegion
        /// The further labels.
        package let labels: [(name: String, value: String)]
        /// The value.
        package let value: Double

        /// Creates a value without further labels.
        package init(_ accountRegion: AccountRegion, _ value: Double) { self.init(accountRegion, [], value) }

        /// Creates a value.
        package init(_ accountRegion: AccountRegion, _ labels: [(name: String, value: String)], _ value: Double) {
            self.accountRegion = accountRegion
            self.labels = labels
            self.value = value
        }
    }

    /// The series of a metric.
    ///
    /// - Parameter fold: combines the values of account-Regions that share a series.
    package func samples(_ values: [Value], folding fold: (Double, Double) -> Double) -> [MetricFamily.Sample] {
        struct Labels: Hashable {
            let account: String
            let region: String
            let more: [String]
        }
        var folded: [Labels: Double] = [:]
        for value in values.sorted(by: { $0.accountRegion < $1.accountRegion }) {
            let (account, region) = labels(of: value.accountRegion)
            let key = Labels(
                account: account, region: region, more: value.labels.flatMap { [$0.name, $0.value] })
            folded[key] = folded[key].map { fold($0, value.value) } ?? value.value
        }
        return folded.map { key, value in
            let own = [("account", key.account), ("region", key.region)]
            let labels = own + stride(from: 0, to: key.more.count, by: 2).map { (key.more[$0], key.more[$0 + 1]) }
            return MetricFamily.Sample(labels.sorted { $0.0 < $1.0 }, value)
        }
    }
}

/// Limits how many topics have series of their own.
package final class TopicSeries: Sendable {
    private let state = Mutex(SeriesLimiter<ARN>(LabelCardinalityLimiter.limit))

    /// Creates a limiter without topics.
    package init() {}

    /// The value of the label `topic`.
    package func label(of topic: ARN) -> String {
        state.withLock { $0.admits(topic) } ? topic.description : LabelCardinalityLimiter.other
    }
}

/// Limits how many detail types of events have series of their own.
package final class DetailTypeSeries: Sendable {
    /// The longest detail type with series of its own, in bytes; EventBridge's own limit.
    private static let maximumLength = 128
    private let state = Mutex(SeriesLimiter<String>(LabelCardinalityLimiter.limit))

    /// Creates a limiter without detail types.
    package init() {}

    /// The value of the label `detail_type`.
    package func label(of type: String?) -> String {
        guard let type else { return "none" }
        // Only ASCII, so that equal texts have equal bytes.
        guard type.utf8.count <= Self.maximumLength, type.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
            state.withLock({ $0.admits(type) })
        else { return LabelCardinalityLimiter.other }
        return type
    }
}
