package import AWSCore
import Cryptography
package import EventLoop
import HTTPServer
package import JSON

/// A stand-in for AWS STS, AWS IoT's audits, AWS Security Hub and Amazon SNS on this machine, for demonstrations and tests.
///
/// The APIs of all services share one address without TLS; the signature of a request selects the service. SNS's hosts
/// are on another address with TLS. All state is in memory.
package final class LocalAWS: Sendable {
    /// The URL of the APIs, for `AWS_ENDPOINT_URL`.
    package let apiURL: String
    /// The addresses of SNS's hosts for libcurl's `CURLOPT_CONNECT_TO`: `host:443:address:port`.
    package let connectTo: [String]
    /// The certificate of the authority that issued the certificates of SNS's hosts.
    package let certificateAuthorityPEM: String
    /// The first of the configured access keys.
    package let credentials: Credentials

    private let region: Region
    let state: CloudState
    private let listeners: Listeners
    private let publisher: TopicPublisher
    private let published: AsyncStream<TopicMessage>.Continuation
    /// Delivers what the API operation `Publish` publishes.
    private let publishing: Task<Void, Never>

    /// Starts the stand-in.
    ///
    /// - Parameter loop: the event loop; stop the stand-in before shutting it down.
    /// - Throws: `EventLoopError` if listening fails, `CryptographyError` if no keys can be generated, and
    ///   `HTTPClientError` if the configuration is invalid.
    package init(loop: EventLoop, configuration: Configuration = Configuration()) async throws {
        guard let first = configuration.credentials.first, let region = configuration.regions.first else {
            throw LocalAWSError.incompleteConfiguration
        }
        let identity = try SNSCertificate(regions: configuration.regions, now: configuration.clock())
        var content = CloudState.Content(
            keys: AccessKeys(configuration.credentials, partition: region.partition))
        content.throttle = configuration.throttles ? Throttle() : nil
        let state = CloudState(content, clock: configuration.clock)
        let (messages, published) = AsyncStream<TopicMessage>.makeStream()
        let calls = APIEndpoint(state: state, published: published)
        let topics = TopicEndpoint(state: state, signer: identity.signer, calls: calls)
        listeners = try await Listeners(
            on: loop, configuration: configuration, tls: identity.tls, calls: calls, topics: topics)
        self.state = state
        self.published = published
        publisher = TopicPublisher(
            state: state, signer: identity.signer,
            deliveries: MessageDeliverer(
                loop: loop, client: listeners.client, retryDelayScale: configuration.retryDelayScale))
        publishing = Task { [publisher] in await publisher.deliver(messages) }
        apiURL = "http://\(listeners.api.address)"
        connectTo = configuration.regions.map { [listeners] in "\($0.snsHost):443:\(listeners.topics.address)" }
        certificateAuthorityPEM = identity.authorityPEM
        credentials = first
        self.region = region
    }

    /// Stops the stand-in: cancels deliveries, and closes all connections. Call it once.
    package func stop() async {
        published.finish()
        await publisher.deliveries.stop()
        await publishing.value
        await listeners.close()
    }

    /// The environment variables that make AWS's own clients use the stand-in.
    package var endpointEnvironment: [String: String] {
        [
            "AWS_ENDPOINT_URL": apiURL, "AWS_ACCESS_KEY_ID": credentials.accessKeyID,
            "AWS_SECRET_ACCESS_KEY": credentials.secretAccessKey, "AWS_REGION": region.name,
            "AWS_DEFAULT_REGION": region.name,
        ]
    }

    // MARK: Inspection

    /// The findings in Security Hub, in order of creation.
    package func findings(in accountRegion: AccountRegion) -> [JSON] {
        state.withLock { $0.hubs[accountRegion]?.records.map(\.json) ?? [] }
    }

    /// The finding with an ID; nil if there is none.
    package func finding(_ id: String, in accountRegion: AccountRegion) -> JSON? {
        state.withLock { $0.hubs[accountRegion]?.finding(id: id) }
    }

    /// The number of calls of an operation, including failed ones, but not those with a rejected signature.
    package func calls(of operation: Operation) -> Int {
        state.withLock { $0.calls[operation] ?? 0 }
    }

    // MARK: Setup

    /// Adds an audit with its findings; replaces one with the same ID.
    package func add(_ task: FleetAuditTask, findings: [FleetAuditFinding], in accountRegion: AccountRegion) {
        state.withLock { $0.audits[accountRegion, default: AuditModel()].add(task, findings: findings) }
    }

    /// Sets the suppressions that `ListAuditSuppressions` returns. They do not affect findings.
    package func setSuppressions(_ suppressions: [FleetAuditSuppression], in accountRegion: AccountRegion) {
        state.withLock { $0.audits[accountRegion, default: AuditModel()].suppressions = suppressions }
    }

    /// Adds alarm messages to the results of `ListViolationEvents` and `ListActiveViolations`. Publishes nothing.
    package func add(alarms messages: [JSON], in accountRegion: AccountRegion) {
        state.withLock { $0.alarms[accountRegion, default: AlarmModel()].add(messages) }
    }

    /// Sets the verification state of an alarm, like `PutVerificationStateOnViolation`. Sends no event.
    package func verify(
        violation id: String, state verification: String, description: String?, in accountRegion: AccountRegion
    ) {
        state.withLock {
            $0.alarms[accountRegion, default: AlarmModel()].verify(id, state: verification, description: description)
        }
    }

    /// Adds a log alarm to Amazon CloudWatch, or replaces it.
    package func add(_ alarm: LogAlarm, in accountRegion: AccountRegion) {
        let now = state.clock()
        state.withLock { $0[logAlarms: accountRegion].add(alarm, now: now) }
    }

    /// Changes the state of a contributor of a log alarm.
    ///
    /// - Parameters:
    ///   - attributes: the values of the fields in the query's `by`.
    ///   - value: the counted value.
    /// - Returns: the events that Amazon EventBridge delivers: of the contributor, and of the alarm if its own state
    ///   changed. None if the state is the same.
    package func setContributor(
        _ attributes: [String: String], of alarm: String, isInAlarm: Bool, value: Int, in accountRegion: AccountRegion
    ) -> [JSON] {
        let now = state.clock()
        return state.withLock {
            $0[logAlarms: accountRegion].setContributor(
                attributes, of: alarm, isInAlarm: isInAlarm, value: value, now: now)
        }
    }

    /// Deletes a log alarm; returns the event that Amazon EventBridge delivers, nil if there is no such alarm.
    package func deleteAlarm(_ name: String, in accountRegion: AccountRegion) -> JSON? {
        let now = state.clock()
        return state.withLock { $0[logAlarms: accountRegion].delete(name, now: now) }
    }

    /// Adds a rule to the default event bus.
    ///
    /// - Parameters:
    ///   - pattern: the event pattern, as JSON.
    ///   - targets: the ARNs of the targets.
    package func addRule(_ name: String, pattern: String, targets: [String], in accountRegion: AccountRegion) {
        state.withLock { $0.rules[accountRegion, default: EventRules()].add(name, pattern: pattern, targets: targets) }
    }

    /// Sets an attribute of an endpoint's subscription to a topic, such as `RedrivePolicy`.
    package func setSubscriptionAttribute(_ name: String, to value: String, topic: ARN, endpoint: String) {
        state.withLock { $0.topics.set(name, to: value, for: endpoint, topic: topic) }
    }

    /// Sets an attribute of a topic, such as `SignatureVersion`.
    package func setTopicAttribute(_ name: String, to value: String, topic: ARN) {
        state.withLock { $0.topics.topicAttributes[topic, default: [:]][name] = value }
    }

    /// Starts or stops logging of the account's trail, which is on by default.
    package func setTrailLogging(_ isOn: Bool, in accountRegion: AccountRegion) {
        state.withLock { $0.trails[accountRegion, default: Trails()].isLogging = isOn }
    }

    /// Enables the integration of a product with Security Hub.
    ///
    /// - Parameter product: the last part of its subscription's ARN, for example `aws/iot-device-defender-audit`.
    package func enableProduct(_ product: String, in accountRegion: AccountRegion) {
        let arn = ARN(service: "securityhub", accountRegion: accountRegion, resource: "product-subscription/\(product)")
        state.withLock { $0.products[accountRegion, default: []].append(arn.description) }
    }

    /// Makes the next calls of an operation fail.
    ///
    /// - Parameters:
    ///   - count: the number of calls.
    ///   - status: the HTTP status.
    ///   - code: the error code, for example `InternalException`.
    package func fail(_ operation: Operation, count: Int = 1, status: Int, code: String) {
        state.withLock {
            $0.faults.add(ServiceError(status, code, "Injected fault."), count: count, to: operation)
        }
    }

    /// Removes all injected faults.
    package func clearFaults() {
        state.withLock { $0.faults = FaultPlan() }
    }

    /// Makes Security Hub reject a finding with the code `InternalFailure`, or accept it again.
    package func reject(finding id: String, in accountRegion: AccountRegion, _ isRejected: Bool = true) {
        state.withLock { state in
            if isRejected {
                state[hub: accountRegion].rejectedIDs.insert(id)
            } else {
                state[hub: accountRegion].rejectedIDs.remove(id)
            }
        }
    }

    /// Turns throttling to the documented request rates on, with full buckets, or off.
    package func setThrottling(_ isOn: Bool) {
        state.withLock { $0.throttle = isOn ? Throttle() : nil }
    }

    // MARK: Topics

    /// Subscribes an endpoint to a topic, and sends it the confirmation request.
    ///
    /// - Parameters:
    ///   - topic: a topic in one of the configured Regions.
    ///   - endpoint: an `http` or `https` URL.
    /// - Returns: the result of the delivery. ``isConfirmed(topic:endpoint:)`` returns whether the subscription is
    ///   confirmed.
    /// - Throws: `CryptographyError` if the message cannot be signed, ``LocalAWSError`` if the Region is not configured.
    package func subscribe(
        topic: ARN, endpoint: String, signatureVersion: TopicSignatureVersion = .one
    ) async throws -> DeliveryReport {
        let subscription = state.withLock { $0.topics.subscribe(endpoint, to: topic) }
        let message = TopicMessage.confirmation(of: subscription, now: state.clock())
        return await publisher.deliveries.deliver(
            try publisher.item(message, for: subscription, version: signatureVersion))
    }

    /// Removes an endpoint's subscription to a topic, and notifies the endpoint.
    ///
    /// - Returns: the result of the delivery; nil if there is no confirmed subscription.
    /// - Throws: the errors of ``subscribe(topic:endpoint:signatureVersion:)``.
    package func unsubscribe(
        topic: ARN, endpoint: String, signatureVersion: TopicSignatureVersion = .one
    ) async throws -> DeliveryReport? {
        guard let subscription = state.withLock({ $0.topics.unsubscribe(endpoint, from: topic) }) else { return nil }
        let message = TopicMessage.end(of: subscription, now: state.clock())
        return await publisher.deliveries.deliver(
            try publisher.item(message, for: subscription, version: signatureVersion))
    }

    /// Confirms a subscription with a signed call.
    package func confirm(topic: ARN, token: String) {
        state.withLock { _ = try? $0.topics.confirm(["TopicArn": topic.description, "Token": token], isSigned: true) }
    }

    /// Whether an endpoint has confirmed its subscription to a topic.
    package func isConfirmed(topic: ARN, endpoint: String) -> Bool {
        state.withLock { $0.topics.confirmed(topic).contains { $0.endpoint == endpoint } }
    }

    /// Publishes messages to a topic, and delivers them to all confirmed subscriptions.
    ///
    /// - Parameters:
    ///   - topic: a topic in one of the configured Regions.
    ///   - subject: the messages' subject, which may be empty.
    ///   - concurrency: the maximum number of concurrent deliveries.
    /// - Returns: the delivery results, message by message, for each subscription.
    /// - Throws: `CryptographyError` if a message cannot be signed, ``LocalAWSError`` if the Region is not configured.
    package func publish(
        topic: ARN, messages: [String], subject: String? = nil, signatureVersion: TopicSignatureVersion = .one,
        concurrency: Int = 16
    ) async throws -> [DeliveryReport] {
        let items = try messages.flatMap {
            try publisher.items(
                .notification($0, subject: subject, topic: topic, now: state.clock()), version: signatureVersion)
        }
        return await publisher.deliveries.deliver(items, concurrency: concurrency)
    }

    /// Publishes one message; see ``publish(topic:messages:subject:signatureVersion:concurrency:)``.
    package func publish(
        topic: ARN, message: String, subject: String? = nil, signatureVersion: TopicSignatureVersion = .one
    ) async throws -> [DeliveryReport] {
        try await publish(topic: topic, messages: [message], subject: subject, signatureVersion: signatureVersion)
    }

    /// Signs messages for an endpoint; the caller delivers them.
    ///
    /// - Returns: the bodies of the deliveries, one for each message.
    /// - Throws: the errors of ``subscribe(topic:endpoint:signatureVersion:)``.
    package func sign(
        _ messages: [String], of topic: ARN, endpoint: String, signatureVersion: TopicSignatureVersion = .one
    ) throws -> [[UInt8]] {
        let subscription = state.withLock { $0.topics.subscribe(endpoint, to: topic) }
        return try messages.map { text in
            let message = TopicMessage.notification(text, subject: nil, topic: topic, now: state.clock())
            return try publisher.item(message, for: subscription, version: signatureVersion).body
        }
    }
}
