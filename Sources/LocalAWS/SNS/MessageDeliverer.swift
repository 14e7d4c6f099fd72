import AWSCore
import EventLoop
import HTTPClient
import HTTPTypes
import Synchronization

/// Delivers messages to endpoints, with SNS's retries.
final class MessageDeliverer: Sendable {
    /// A message for a subscription.
    struct Item: Sendable {
        let message: TopicMessage
        let body: [UInt8]
        let subscription: TopicModel.Subscription
    }

    private struct State {
        var isStopping = false
        var lastTicket = 0
        var running: [Int: Task<DeliveryReport, Never>] = [:]
    }

    private let loop: EventLoop
    private let client: HTTPClient
    /// The factor for the policy's delays.
    private let retryDelayScale: Double
    private let state = Mutex(State())

    init(loop: EventLoop, client: HTTPClient, retryDelayScale: Double) {
        self.loop = loop
        self.client = client
        self.retryDelayScale = retryDelayScale
    }

    /// Delivers one message.
    func deliver(_ item: Item) async -> DeliveryReport {
        let start = state.withLock { state -> (Int, Task<DeliveryReport, Never>)? in
            guard !state.isStopping else { return nil }
            state.lastTicket += 1
            let task = Task(executorPreference: loop) { [self] in await run(item) }
            state.running[state.lastTicket] = task
            return (state.lastTicket, task)
        }
        guard let (ticket, task) = start else { return Self.report(item) }
        let report = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        state.withLock { $0.running[ticket] = nil }
        return report
    }

    /// Delivers many messages concurrently.
    ///
    /// - Returns: one report per message, in the same order.
    func deliver(_ items: [Item], concurrency: Int) async -> [DeliveryReport] {
        await withTaskGroup(of: (Int, DeliveryReport).self) { group in
            var reports = items.map(Self.report)
            var next = 0
            func startNext() {
                guard next < items.count else { return }
                let index = next
                next += 1
                group.addTask { [self] in (index, await deliver(items[index])) }
            }
            for _ in 0..<max(1, concurrency) { startNext() }
            while let (index, report) = await group.next() {
                reports[index] = report
                startNext()
            }
            return reports
        }
    }

    /// Cancels pending deliveries, waits for their end, and prevents further ones.
    func stop() async {
        let running = state.withLock { state in
            state.isStopping = true
            return Array(state.running.values)
        }
        for task in running { task.cancel() }
        for task in running { _ = await task.value }
    }

    private static func report(_ item: Item) -> DeliveryReport {
        DeliveryReport(
            messageID: item.message.id, subscription: item.subscription.arn, endpoint: item.subscription.endpoint)
    }

    private func run(_ item: Item) async -> DeliveryReport {
        var report = Self.report(item)
        for delay in [.zero] + DeliveryPolicy.retryDelays {
            if delay > .zero { try? await loop.sleep(for: delay * retryDelayScale) }
            guard !Task.isCancelled else { return report }
            let start = ContinuousClock.now
            let attempt = await send(item)
            report.duration = ContinuousClock.now - start
            report.attempts.append(attempt)
            if let outcome = DeliveryPolicy.outcome(of: attempt) {
                report.outcome = outcome
                return report
            }
        }
        report.outcome = .exhausted
        return report
    }

    private func send(_ item: Item) async -> DeliveryReport.Attempt {
        guard let request = Self.request(item) else { return .failed("The endpoint is not an HTTP or HTTPS address.") }
        do throws(HTTPClientError) {
            return .responded(try await client.send(request, body: item.body).response.status.code)
        } catch {
            return .failed(error.message)
        }
    }

    /// The request that SNS sends ("HTTP/HTTPS headers" in the Amazon SNS Developer Guide).
    private static func request(_ item: Item) -> HTTPRequest? {
        let parts = item.subscription.endpoint.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0] == "http:" || parts[0] == "https:", parts[1].isEmpty else { return nil }
        var fields: HTTPFields = [.contentType: "text/plain; charset=UTF-8", .acceptEncoding: "gzip,deflate"]
        let isConfirmation = item.message.type == "SubscriptionConfirmation"
        fields.set("x-amz-sns-message-type", item.message.type)
        fields.set("x-amz-sns-message-id", item.message.id)
        fields.set("x-amz-sns-topic-arn", item.message.topic.description)
        fields.set(
            "x-amz-sns-subscription-arn",
            isConfirmation ? "PendingConfirmation" : item.subscription.arn.description)
        return HTTPRequest(
            method: .post, scheme: String(parts[0].dropLast()), authority: String(parts[2]),
            path: "/" + (parts.count > 3 ? parts[3] : ""), headerFields: fields)
    }
}
