public import AWSCore
import Cryptography
public import EventLoop
import HTTPServer
public import JSON

/// A stand-in for AWS STS, AWS IoT's audits, AWS Security Hub and Amazon SNS on this machine, for demonstrations and tests.
///
/// The APIs of all services are on one address without TLS; requests must be signed, and are told apart by that. SNS's own
/// hosts are on another address with TLS. Nothing is kept when it stops.
public final class LocalAWS: Sendable {
    /// Where the APIs are: `AWS_ENDPOINT_URL`.
    public let apiURL: String
    /// How to reach SNS's hosts, as libcurl's `CURLOPT_CONNECT_TO` has it: `host:443:address:port`.
    public let connectTo: [String]
    /// The certificate of the authority that SNS's hosts have theirs from.
    public let certificateAuthorityPEM: String
    /// The first of the configured access keys.
    public let credentials: Credentials

    private let region: Region
    private let state: CloudState
    private let signer: TopicSigner
    private let listeners: Listeners
    private let deliveries: MessageDeliverer

    /// Starts the stand-in.
    ///
    /// - Parameter loop: what it runs on; it must be stopped before the loop is.
    /// - Throws: `EventLoopError` if an address cannot be listened on, `CryptographyError` if no keys can be made, and
    ///   `HTTPClientError` if the configuration cannot be used.
    public init(loop: EventLoop, configuration: Configuration = Configuration()) async throws {
        guard let first = configuration.credentials.first, let region = configuration.regions.first else {
            throw LocalAWSError.incompleteConfiguration
        }
        let identity = try SNSCertificate(regions: configuration.regions, now: configuration.clock())
        var content = CloudState.Content(
            keys: AccessKeys(configuration.credentials, partition: region.partition))
        content.throttle = configuration.throttles ? Throttle() : nil
        let state = CloudState(content, clock: configuration.clock)
        let calls = APIEndpoint(state: state)
        let topics = TopicEndpoint(state: state, signer: identity.signer, calls: calls)
        listeners = try await Listeners(
            on: loop, configuration: configuration, tls: identity.tls, calls: calls, topics: topics)
        self.state = state
        signer = identity.signer
        deliveries = MessageDeliverer(
            loop: loop, client: listeners.client, retryDelayScale: configuration.retryDelayScale)
        apiURL = "http://\(listeners.api.address)"
        connectTo = configuration.regions.map { [listeners] in "\($0.snsHost):443:\(listeners.topics.address)" }
        certificateAuthorityPEM = identity.authorityPEM
        credentials = first
        self.region = region
    }

    /// Stops everything: breaks off deliveries, and closes all connections. To be called once.
    public func stop() async {
        await deliveries.stop()
        await listeners.close()
    }

    /// The environment variables with which AWS's own clients use the stand-in.
    public var endpointEnvironment: [String: String] {
        [
            "AWS_ENDPOINT_URL": apiURL, "AWS_ACCESS_KEY_ID": credentials.accessKeyID,
            "AWS_SECRET_ACCESS_KEY": credentials.secretAccessKey, "AWS_REGION": region.name,
            "AWS_DEFAULT_REGION": region.name,
        ]
    }

    // MARK: Looking at what happened

    /// The findings of an account's Security Hub, in the order in which they first came.
    public func findings(in accountRegion: AccountRegion) -> [JSON] {
        state.withLock { $0.hubs[accountRegion]?.records.map(\.json) ?? [] }
    }

    /// The finding with an id, or nil if there is none.
    public func finding(_ id: String, in accountRegion: AccountRegion) -> JSON? {
        state.withLock { $0.hubs[accountRegion]?.finding(id: id) }
    }

    /// How often an operation was called. Calls whose signature was refused do not count, others that failed do.
    public func calls(of operation: Operation) -> Int {
        state.withLock { $0.calls[operation] ?? 0 }
    }

    // MARK: Setting up

    /// Adds an audit with what it found; one with the same id is replaced.
    public func add(_ task: FleetAuditTask, findings: [FleetAuditFinding], in accountRegion: AccountRegion) {
        state.withLock { $0.audits[accountRegion, default: AuditModel()].add(task, findings: findings) }
    }

    /// Sets all suppressions that `ListAuditSuppressions` tells of. No finding is changed by them.
    public func setSuppressions(_ suppressions: [FleetAuditSuppression], in accountRegion: AccountRegion) {
        state.withLock { $0.audits[accountRegion, default: AuditModel()].suppressions = suppressions }
    }

    /// Adds what happened to alarms, as Device Defender publishes it, to what `ListViolationEvents` and
    /// `ListActiveViolations` tell. Nothing is published by that.
    public func add(alarms messages: [JSON], in accountRegion: AccountRegion) {
        state.withLock { $0.alarms[accountRegion, default: AlarmModel()].add(messages) }
    }

    /// Does what `PutVerificationStateOnViolation` does to what is told of an alarm. No event is sent by that.
    public func verify(
        violation id: String, state verification: String, description: String?, in accountRegion: AccountRegion
    ) {
        state.withLock {
            $0.alarms[accountRegion, default: AlarmModel()].verify(id, state: verification, description: description)
        }
    }

    /// Adds a rule to the default event bus.
    ///
    /// - Parameters:
    ///   - pattern: the events that it is about, as JSON.
    ///   - targets: ARNs of what it passes them on to.
    public func addRule(_ name: String, pattern: String, targets: [String], in accountRegion: AccountRegion) {
        state.withLock { $0.rules[accountRegion, default: EventRules()].add(name, pattern: pattern, targets: targets) }
    }

    /// Sets an attribute of an endpoint's subscription to a topic, such as `RedrivePolicy`.
    public func setSubscriptionAttribute(_ name: String, to value: String, topic: ARN, endpoint: String) {
        state.withLock { $0.topics.set(name, to: value, for: endpoint, topic: topic) }
    }

    /// Sets an attribute of a topic, such as `SignatureVersion`.
    public func setTopicAttribute(_ name: String, to value: String, topic: ARN) {
        state.withLock { $0.topics.topicAttributes[topic, default: [:]][name] = value }
    }

    /// Starts or stops the account's trail, which records events from the beginning.
    public func setTrailLogging(_ isOn: Bool, in accountRegion: AccountRegion) {
        state.withLock { $0.trails[accountRegion, default: Trails()].isLogging = isOn }
    }

    /// Has Security Hub receive the findings of a product.
    ///
    /// - Parameter product: the end of its subscription's ARN, for example `aws/iot-device-defender-audit`.
    public func enableProduct(_ product: String, in accountRegion: AccountRegion) {
        let arn = ARN(service: "securityhub", accountRegion: accountRegion, resource: "product-subscription/\(product)")
        state.withLock { $0.products[accountRegion, default: []].append(arn.description) }
    }

    /// Does what an analyst does in Security Hub: a call of `BatchUpdateFindings`, without its signature.
    ///
    /// - Returns: the response, or nil if the request was refused.
    @discardableResult
    public func updateFindings(_ request: JSON, in accountRegion: AccountRegion) -> JSON? {
        let now = state.clock()
        return state.withLock { try? $0[hub: accountRegion].updateFindings(request, now: now) }
    }

    /// Has the next answers of an operation fail.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - status: the HTTP status.
    ///   - code: the error's name, for example `InternalException`.
    public func fail(_ operation: Operation, count: Int = 1, status: Int, code: String) {
        state.withLock {
            $0.faults.add(ServiceError(status, code, "This response was asked for."), count: count, to: operation)
        }
    }

    /// Has no response fail any more.
    public func clearFaults() {
        state.withLock { $0.faults = FaultPlan() }
    }

    /// Has Security Hub refuse a finding whatever it says, with the code `InternalFailure`; or no longer.
    public func reject(finding id: String, in accountRegion: AccountRegion, _ isRejected: Bool = true) {
        state.withLock { state in
            if isRejected {
                state[hub: accountRegion].rejectedIDs.insert(id)
            } else {
                state[hub: accountRegion].rejectedIDs.remove(id)
            }
        }
    }

    /// Turns the documented request rates on, with full buckets, or off.
    public func setThrottling(_ isOn: Bool) {
        state.withLock { $0.throttle = isOn ? Throttle() : nil }
    }

    // MARK: Topics

    /// Subscribes an endpoint to a topic, and sends it the message that asks for confirmation.
    ///
    /// - Parameters:
    ///   - topic: a topic in one of the configured Regions.
    ///   - endpoint: an address with `http` or `https`.
    /// - Returns: what became of the message. Whether the subscription is confirmed is what ``isConfirmed(_:)`` says.
    /// - Throws: `CryptographyError` if the message cannot be signed, ``LocalAWSError`` if the Region is not configured.
    public func subscribe(
        topic: ARN, endpoint: String, signatureVersion: TopicSignatureVersion = .one
    ) async throws -> DeliveryReport {
        let subscription = state.withLock { $0.topics.subscribe(endpoint, to: topic) }
        let message = TopicMessage.confirmation(of: subscription, now: state.clock())
        return await deliveries.deliver(try item(message, for: subscription, version: signatureVersion))
    }

    /// Ends an endpoint's subscription to a topic, and tells it so.
    ///
    /// - Returns: what became of the message; nil if there is no confirmed subscription.
    /// - Throws: what ``subscribe(topic:endpoint:signatureVersion:)`` throws.
    public func unsubscribe(
        topic: ARN, endpoint: String, signatureVersion: TopicSignatureVersion = .one
    ) async throws -> DeliveryReport? {
        guard let subscription = state.withLock({ $0.topics.unsubscribe(endpoint, from: topic) }) else { return nil }
        let message = TopicMessage.end(of: subscription, now: state.clock())
        return await deliveries.deliver(try item(message, for: subscription, version: signatureVersion))
    }

    /// Confirms a subscription, as its owner does by the API.
    public func confirm(topic: ARN, token: String) {
        state.withLock { _ = try? $0.topics.confirm(["TopicArn": topic.description, "Token": token], isSigned: true) }
    }

    /// Whether an endpoint has confirmed its subscription to a topic.
    public func isConfirmed(topic: ARN, endpoint: String) -> Bool {
        state.withLock { $0.topics.confirmed(topic).contains { $0.endpoint == endpoint } }
    }

    /// Publishes messages to a topic, and delivers them to all endpoints that have confirmed their subscription.
    ///
    /// - Parameters:
    ///   - topic: a topic in one of the configured Regions.
    ///   - subject: the messages' subject, which may be empty.
    ///   - concurrency: how many deliveries are on their way at once.
    /// - Returns: what became of each message for each subscription, message by message.
    /// - Throws: `CryptographyError` if a message cannot be signed, ``LocalAWSError`` if the Region is not configured.
    public func publish(
        topic: ARN, messages: [String], subject: String? = nil, signatureVersion: TopicSignatureVersion = .one,
        concurrency: Int = 16
    ) async throws -> [DeliveryReport] {
        let items = try items(messages, to: topic, subject: subject, version: signatureVersion)
        return await deliveries.deliver(items, concurrency: concurrency)
    }

    /// Messages for all endpoints that have confirmed their subscription, signed.
    private func items(
        _ messages: [String], to topic: ARN, subject: String?, version: TopicSignatureVersion
    ) throws -> [MessageDeliverer.Item] {
        let subscriptions = state.withLock { $0.topics.confirmed(topic) }
        var items: [MessageDeliverer.Item] = []
        for text in messages {
            let message = TopicMessage.notification(text, subject: subject, topic: topic, now: state.clock())
            for subscription in subscriptions {
                items.append(try item(message, for: subscription, version: version))
            }
        }
        return items
    }

    /// Publishes one message; see ``publish(topic:messages:subject:signatureVersion:concurrency:)``.
    public func publish(
        topic: ARN, message: String, subject: String? = nil, signatureVersion: TopicSignatureVersion = .one
    ) async throws -> [DeliveryReport] {
        try await publish(topic: topic, messages: [message], subject: subject, signatureVersion: signatureVersion)
    }

    /// Signs messages for an endpoint, and leaves their delivery to the caller.
    ///
    /// - Returns: the bodies of the deliveries, one for each message.
    /// - Throws: what ``subscribe(topic:endpoint:signatureVersion:)`` throws.
    public func sign(
        _ messages: [String], of topic: ARN, endpoint: String, signatureVersion: TopicSignatureVersion = .one
    ) throws -> [[UInt8]] {
        let subscription = state.withLock { $0.topics.subscribe(endpoint, to: topic) }
        return try messages.map { text in
            let message = TopicMessage.notification(text, subject: nil, topic: topic, now: state.clock())
            return try item(message, for: subscription, version: signatureVersion).body
        }
    }

    private func item(
        _ message: TopicMessage, for subscription: TopicModel.Subscription, version: TopicSignatureVersion
    ) throws -> MessageDeliverer.Item {
        guard let signature = try signer.sign(message, version: version) else {
            throw LocalAWSError.regionNotConfigured(message.topic.accountRegion.region)
        }
        return MessageDeliverer.Item(
            message: message, body: message.body(signature: signature, for: subscription), subscription: subscription)
    }
}
