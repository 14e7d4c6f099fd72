package import AWSCore
package import Encoding
import ErrorCodes
package import HTTPServer
import HTTPTypes
import JSON
import SourceMapping
package import Store

/// Handles requests of webhooks (`POST /webhooks/{source}`).
package struct WebhookHandler: Sendable {
    /// The webhook of a mapped source.
    package struct Webhook: Sendable {
        /// The source.
        package let source: MappedSource
        /// Whose findings the items become.
        package let accountRegion: AccountRegion
        /// Authenticates requests.
        package let authenticator: WebhookAuthenticator

        /// Creates a webhook.
        package init(source: MappedSource, accountRegion: AccountRegion, authenticator: WebhookAuthenticator) {
            self.source = source
            self.accountRegion = accountRegion
            self.authenticator = authenticator
        }
    }

    /// The webhooks by the names of their sources.
    package let webhooks: [String: Webhook]
    private let decoys: WebhookDecoys
    private let failures: AuthenticationThrottle
    private let store: any DeliveryQueue
    private let clock: @Sendable () -> Timestamp
    private let trustedTime: @Sendable () -> Timestamp?

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - webhooks: the webhooks of different sources.
    ///   - failures: limits failed authentications.
    ///   - clock: returns the present time.
    ///   - trustedTime: returns the time that signed timestamps are compared with; nil if this machine's clock is not trusted and
    ///     AWS's time is not known.
    package init(
        _ webhooks: [Webhook], failures: AuthenticationThrottle, store: any DeliveryQueue,
        clock: @escaping @Sendable () -> Timestamp, trustedTime: @escaping @Sendable () -> Timestamp?
    ) {
        self.webhooks = Dictionary(webhooks.map { ($0.source.name, $0) }) { first, _ in first }
        decoys = WebhookDecoys(webhooks.map(\.authenticator))
        self.failures = failures
        self.store = store
        self.clock = clock
        self.trustedTime = trustedTime
    }

    /// Whether the body of a request decides the response. It does not if credentials are missing, or the body is compressed.
    func wantsBody(_ fields: HTTPFields, source name: String) -> Bool {
        Self.isUnencoded(fields) && authenticator(of: webhook(named: name), name).hasCredentials(in: fields)
    }

    // A valid name is ASCII, so that it is compared by its bytes.
    private func webhook(named name: String) -> Webhook? { DeliveryLane.isSourceName(name) ? webhooks[name] : nil }

    private func authenticator(of webhook: Webhook?, _ name: String) -> WebhookAuthenticator {
        webhook?.authenticator ?? decoys.authenticator(for: name)
    }

    /// Handles a request. An unknown source gets the response to wrong credentials, after the same work.
    ///
    /// - Parameters:
    ///   - name: the source's name in the path.
    ///   - reserve: reserves capacity in the queue for a number of deliveries; returns false if there is not enough.
    package func receive(
        _ request: ServerRequest, source name: String, reserve: (Int) -> Bool
    ) async -> IntakeResult {
        let elapsed = MonotonicClock.elapsed()
        guard failures.allows(request.peer, now: elapsed) else { return .deferred(.tooManyFailures) }
        guard Self.isUnencoded(request.head.headerFields) else {
            return .rejected(.contentEncodingNotSupported, .unsupportedMediaType)
        }
        let webhook = webhook(named: name)
        let trustedTime = trustedTime()
        let decision = await authenticator(of: webhook, name)
            .decision(
                on: request.head.headerFields, body: request.body, now: trustedTime ?? clock(), elapsed: elapsed)
        switch (decision, webhook) {
        case (.allowed(let identity), let webhook?):
            failures.recordSuccess(request.peer, now: elapsed)
            return await accept(request.body, WebhookDeliveryID(source: name, identity), webhook, reserve)
        case (.unverifiable, _): return .deferred(.tokenKeysUnavailable)
        // The message may be genuine, and would be lost.
        case (.invalidClaim("timestamp"), _) where trustedTime == nil: return .deferred(.clockNotTrusted)
        case (.invalidClaim(let claim), _):
            failures.recordFailure(request.peer, now: elapsed)
            return .unauthorized(claim: claim)
        case (.rejected, _), (.allowed, nil):
            failures.recordFailure(request.peer, now: elapsed)
            return .unauthorized(claim: nil)
        }
    }

    private static func isUnencoded(_ fields: HTTPFields) -> Bool {
        fields[values: .contentEncoding].allSatisfy { $0.isEmpty || UTF8Text($0.lowercased()) == "identity" }
    }

    private func accept(
        _ body: [UInt8], _ id: WebhookDeliveryID, _ webhook: Webhook, _ reserve: (Int) -> Bool
    ) async -> IntakeResult {
        let items: SourceItems
        do throws(SourceItems.Failure) {
            items = try SourceItems(body, webhook.source.mapping)
        } catch {
            return IntakeResult(error)
        }
        guard !items.payloads.isEmpty else { return .accepted(AcceptedDeliveries()) }
        guard reserve(items.payloads.count) else { return .deferred(.queueFull) }
        guard webhook.source.allows(items.payloads.count) else { return .deferred(.rateLimited) }
        let deliveries = webhook.source.deliveries(of: items, in: webhook.accountRegion, by: .webhook, at: clock()) {
            id.text(index: $0)
        }
        return await store.accept(deliveries.map { ($0, nil) })
    }
}

extension IntakeResult {
    /// The result for missing and wrong credentials, and for unknown sources. It names every scheme that a source can have,
    /// and so none in particular.
    fileprivate static func unauthorized(claim: String?) -> IntakeResult {
        .rejected(
            .unauthorized,
            .unauthorized(
                challenge: #"ApiKey, Basic realm="defender-bridge", charset="UTF-8", Bearer"#, claim: claim))
    }

    /// The result for a body that is not stored.
    fileprivate init(_ error: SourceItems.Failure) {
        switch error {
        case .malformed(let error):
            self = .rejected(
                IntakeError(
                    code: .malformedJSON, message: "Malformed JSON: \(error). Send JSON, or a JSON value in each line."),
                .malformed)
        case .tooMany:
            self = .rejected(
                IntakeError(
                    code: .tooManyItems,
                    message: "Too many items: the request has more than \(Mapping.maximumItems). Send smaller batches."),
                .tooLarge)
        }
    }
}

extension IntakeError {
    fileprivate static let contentEncodingNotSupported = IntakeError(
        code: .contentEncodingNotSupported,
        message: "Content-Encoding not supported: the body is compressed. Turn off compression at the sender.")

    fileprivate static let unauthorized = IntakeError(
        code: .unauthorized,
        message: "Unauthorized: credentials are missing or wrong, or there is no such source. Check the path, and the "
            + "sender's credentials against webhook.auth of the source.")

    fileprivate static let tokenKeysUnavailable = IntakeError(
        code: .tokenKeysUnavailable,
        message:
            "Cannot verify the token: fetching the keys of its issuer failed. Allow HTTPS from this machine to jwksURL of the "
            + "source.")

    fileprivate static let clockNotTrusted = IntakeError(
        code: .clockNotTrusted,
        message: "Cannot verify the signed timestamp: this machine's clock is not trusted. Synchronize it with NTP.")
}
