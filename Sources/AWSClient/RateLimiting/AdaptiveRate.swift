import Encoding
import Glibc

/// A rate limit that adapts to throttling: the adaptive retry mode of AWS's SDKs (AWS SDKs and Tools Reference Guide,
/// "Retry behavior"; constants as in the SDK for Python). Each throttled request lowers the rate; it then grows along a
/// cubic curve back to its previous value and beyond. Nothing is limited until the first request is throttled.
///
/// A pure value: times are seconds since a fixed moment, and monotonic.
struct AdaptiveRate: Sendable, Hashable {
    private static let scale = 0.4
    private static let beta = 0.7
    private static let smoothing = 0.8
    private static let leastRate = 0.5

    private(set) var isLimiting = false
    // The cubic curve.
    private var rateBefore = 0.0
    private var zeroPoint = 0.0
    private var lastFailure: Double
    // The recent rate of responses, measured in half-second steps.
    private var measuredRate = 0.0
    private var lastStep: Double
    private var count = 0.0
    private(set) var rate = 1.0
    private var bucket = TokenBucket(rate: 1, burst: 1)

    init(now: Double) {
        lastFailure = now
        lastStep = floor(now)
        bucket.empty(now: .seconds(now))
    }

    /// Reserves a token; returns the seconds to wait before using it.
    mutating func reserve(now: Double) -> Double {
        isLimiting ? bucket.reserve(now: .seconds(now)) / .seconds(1) : 0
    }

    /// Records a response other than throttling.
    mutating func recordResponse(now: Double) {
        measure(now: now)
        set(rate: Self.scale * pow(now - lastFailure - zeroPoint, 3) + rateBefore, now: now)
    }

    /// Records a throttled request.
    mutating func recordThrottling(now: Double) {
        measure(now: now)
        rateBefore = isLimiting ? min(measuredRate, rate) : measuredRate
        zeroPoint = cbrt(rateBefore * (1 - Self.beta) / Self.scale)
        lastFailure = now
        isLimiting = true
        set(rate: rateBefore * Self.beta, now: now)
    }

    private mutating func measure(now: Double) {
        let step = floor(now * 2) / 2
        count += 1
        guard step > lastStep else { return }
        measuredRate = count / (step - lastStep) * Self.smoothing + measuredRate * (1 - Self.smoothing)
        count = 0
        lastStep = step
    }

    private mutating func set(rate next: Double, now: Double) {
        let bounded = min(next, 2 * measuredRate)
        rate = max(bounded, Self.leastRate)
        let tokens = bucket.level(now: .seconds(now))
        bucket = TokenBucket(rate: rate, burst: bounded)
        bucket.setLevel(tokens, now: .seconds(now))
    }
}
