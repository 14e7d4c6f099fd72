import AWSCore
import Admin
import CoreMetrics
import Encoding
import ErrorCodes
import EventLoop
import Fixtures
import HTTPTypes
import JSON
import Logging
import Store
import Synchronization
import TestSupport
import Testing

@testable import Bridge
@testable import HTTPServer
@testable import Intake
@testable import Processing
@testable import Telemetry

@Suite("Intake recorder and access log") struct IntakeRecorderTests {
    /// A log handler that keeps each line's text, without its time.
    private struct LineKeeper: LogHandler {
        final class Lines: Sendable {
            let all = Mutex<[String]>([])
        }

        let lines: Lines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        init(_ lines: Lines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: Logging.LogEvent) {
            let line = LogFormatter.text(event.level, "\(event.message)", event.metadata ?? [:], at: "-")
            lines.all.withLock { $0.append(String(decoding: line.dropFirst(2), as: UTF8.self)) }
        }
    }

    private let lines = LineKeeper.Lines()
    private let recorder: IntakeRecorder
    private let gap = OutageTracker()
    private let outage: StoreOutageTracker

    init() {
        let logger = Logger(label: "test") { [lines] _ in LineKeeper(lines) }
        let metrics = IntakeMetrics(NOOPMetricsHandler.instance)
        outage = StoreOutageTracker(logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }, clock: { uptime })
        recorder = IntakeRecorder(
            metrics: metrics, activity: ActivityLog(clock: { now }), gap: gap, outage: outage,
            accessLog: AccessLog(metrics: metrics, logger: logger), logger: logger, clock: { now })
    }

    private func request(_ id: String) -> ServerRequest {
        var request = ServerRequest(
            head: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/sns"),
            peer: SocketAddress("192.0.2.7:4711"))
        request.id = id
        return request
    }

    /// Completes a request, as the server reports it.
    private func complete(_ request: ServerRequest, _ status: HTTPResponse.Status) {
        recorder.accessLog.record(
            .completed(
                AccessLogEntry(
                    method: request.head.method, path: "/sns", status: status, received: 9, sent: 7,
                    duration: .microseconds(1050), peer: request.peer, id: request.id, tls: "TLSv1.3",
                    userAgent: "a b")))
    }

    /// The lines of a request with a result.
    private func lines(_ result: IntakeResult, id: String = "r1") throws -> [String] {
        let request = request(id)
        recorder.record(result, of: request, route: "/sns", after: .zero)
        complete(request, IntakeResponder.status(of: result))
        return lines.all.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }

    private func completed(_ status: Int, _ rest: String) -> String {
        "INFO Request completed. method=POST path=/sns status=\(status) received=9 sent=7 milliseconds=1.050"
            + " peer=192.0.2.7:4711 request=r1 tls=TLSv1.3 agent=\"a b\"\(rest)"
    }

    private func sns(isNew: Bool) throws -> QueuedDelivery {
        let topic = "arn:aws:sns:us-east-1:111122223333:device-defender"
        return QueuedDelivery(
            Delivery(
                id: "sns:1", accountRegion: try accountRegion(), channel: .sns, topic: ARN(topic), receivedAt: now,
                payload: Messages.alarm().serialized()), senderID: "1", isNew: isNew)
    }

    private func event(_ id: String?, isNew: Bool) throws -> QueuedDelivery {
        QueuedDelivery(
            delivery(id ?? "sha256-0", [:], from: .eventBridge, of: try accountRegion()), senderID: id, isNew: isNew)
    }

    @Test("The line of a request names its only delivery and the outcome")
    func accepted() throws {
        let topic = "topic=arn:aws:sns:us-east-1:111122223333:device-defender"
        let place = "account=111122223333 region=us-east-1"
        let stored = AcceptedDeliveries(queued: [try sns(isNew: true)])
        #expect(
            try lines(.accepted(stored)) == [
                completed(200, " delivery=sns:1 messageId=1 \(topic) \(place) outcome=stored")
            ])
        let duplicate = AcceptedDeliveries(queued: [try event("e1", isNew: false)], ignored: 1)
        #expect(
            try lines(.accepted(duplicate)) == [
                completed(200, " delivery=eventbridge:e1 \(place) eventId=e1 outcome=duplicate")
            ])
        let unnamed = AcceptedDeliveries(queued: [try event(nil, isNew: true)])
        #expect(
            try lines(.accepted(unnamed)) == [
                completed(200, " delivery=eventbridge:sha256-0 \(place) outcome=stored")
            ])
        #expect(try lines(.accepted(AcceptedDeliveries())) == [completed(200, " outcome=ignored")])
        #expect(try lines(.subscription(.confirmed)) == [completed(200, " outcome=confirmed")])
        #expect(try lines(.subscription(.duplicate)) == [completed(200, " outcome=duplicate")])
    }

    @Test("Each of several deliveries has a line, and so have events that are not served")
    func batch() throws {
        let place = "account=111122223333 region=us-east-1"
        let batch = AcceptedDeliveries(
            queued: [try event("e1", isNew: false), try event("e2", isNew: true)], notServed: 3)
        #expect(
            try lines(.accepted(batch)) == [
                "INFO Event of a batch received. delivery=eventbridge:e1 \(place) eventId=e1 outcome=duplicate request=r1",
                "INFO Event of a batch received. delivery=eventbridge:e2 \(place) eventId=e2 outcome=stored request=r1",
                "WARNING Events dropped: their account and Region have no topic in sns.topics."
                    + " code=account_region_not_served count=3 peer=192.0.2.7:4711 request=r1"
                    + " reason=\"3 of the request's events have no topic in sns.topics."
                    + " Add a topic of their account and Region, or correct the EventBridge rule.\"",
                completed(200, " outcome=stored"),
            ])
    }

    @Test("A rejection is logged with its code and claim; a deferral is noted as a gap, and of the store as an outage")
    func rejected() throws {
        func rejected(_ level: String, _ status: Int, _ code: String, _ rest: String = "") -> String {
            "\(level) Delivery rejected. route=/sns status=\(status) code=\(code) reason=why peer=192.0.2.7:4711"
                + " request=r1\(rest)"
        }
        func error(_ code: ErrorCode) -> IntakeError { IntakeError(code: code, message: "why") }
        #expect(
            try lines(.rejected(error(.topicNotAllowed), .forbidden)) == [
                rejected("WARNING", 403, "topic_not_allowed"), completed(403, " outcome=topic_not_allowed"),
            ])
        #expect(
            try lines(.rejected(error(.unauthorized), .unauthorized(challenge: "Bearer", claim: "aud"))) == [
                rejected("WARNING", 401, "unauthorized", " claim=aud"),
                completed(401, " outcome=unauthorized claim=aud"),
            ])
        #expect(!gap.consume(now: .seconds(1 << 40)) && !outage.isOut)
        #expect(
            try lines(.deferred(error(.queueFull))) == [
                rejected("WARNING", 503, "queue_full"), completed(503, " outcome=queue_full"),
            ])
        #expect(gap.consume(now: .seconds(1 << 40)) && !outage.isOut)
        #expect(
            try lines(.deferred(error(.storeUnavailable))) == [
                rejected("DEBUG", 503, "store_unavailable"), completed(503, " outcome=store_unavailable"),
            ])
        #expect(gap.consume(now: .seconds(1 << 41)) && outage.isOut(.intake))
    }

    @Test("Fields are written on the line of their own request only, once")
    func ownLine() {
        let (first, second) = (request("r1"), request("r2"))
        recorder.record(.subscription(.pending), of: first, route: "/sns", after: .zero)
        recorder.record(.subscription(.confirmed), of: second, route: "/sns", after: .zero)
        complete(second, .ok)
        complete(request("r3"), .ok)
        complete(first, .ok)
        complete(first, .ok)
        let outcomes = lines.all.withLock { $0 }.map { $0.split(separator: " ").last { $0.hasPrefix("outcome=") } }
        #expect(outcomes == ["outcome=confirmed", nil, "outcome=pending", nil])
    }
}
