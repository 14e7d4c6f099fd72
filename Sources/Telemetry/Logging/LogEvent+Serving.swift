import Encoding
import Logging

// Messages about the process, its configuration, its listeners and what they receive.

extension LogEvent {
    /// The events about the start, the configuration, certificates and the log itself. Each is logged when its message says so.
    package static let operation: [LogEvent] = [
        bridgeListening, stopRequested, bridgeStopped, configurationWarning, configurationReloaded,
        configurationUnchanged, configurationReloadFailed, restartRequired, certificateReplaced, certificateUnchanged,
        certificateReloadFailed, certificateInUseOutdated, certificateNotYetValid, certificateExpired,
        certificateExpiresSoon, logLinesRepeated, logLinesDropped,
    ]

    // MARK: Process

    package static let bridgeListening = LogEvent(
        "The bridge is listening.", .info, [.version, .listen, .admin, .tlsEnabled, .topics])
    package static let stopRequested = LogEvent("Signal received; stopping.", .info, [.signal])
    package static let bridgeStopped = LogEvent("The bridge has stopped.", .info)

    // MARK: Configuration

    package static let configurationWarning = LogEvent(
        "A configuration setting should be changed.", .warning, [.reason])
    package static let configurationReloaded = LogEvent(
        "Configuration reloaded; the changed settings are in use.", .notice, [.keys])
    package static let configurationUnchanged = LogEvent("Configuration reloaded; no setting has changed.", .notice)
    package static let configurationReloadFailed = LogEvent(
        "Configuration reload failed; keeping the current settings.", .error, [.reason])
    package static let restartRequired = LogEvent(
        "Configuration reloaded; some changed settings require a restart.", .warning, [.keys])

    // MARK: TLS certificate

    package static let certificateReplaced = LogEvent("TLS certificate replaced.", .info, [.name])
    package static let certificateUnchanged = LogEvent("TLS certificate reloaded; it has not changed.", .info)
    package static let certificateReloadFailed = LogEvent(
        "TLS certificate reload failed; keeping the current certificate.", .error, [.reason])
    package static let certificateInUseOutdated = LogEvent(
        "The TLS certificate files cannot be used; an earlier certificate is in use.", .warning, [.reason])
    package static let certificateNotYetValid = LogEvent(
        "The TLS certificate is not valid yet.", .warning, [.validFrom])
    package static let certificateExpired = LogEvent("The TLS certificate has expired.", .warning, [.expiresAt])
    package static let certificateExpiresSoon = LogEvent("The TLS certificate expires soon.", .warning, [.expiresAt])

    // MARK: Log

    package static let logLinesRepeated = LogEvent(
        "Repeated log lines were suppressed.", .warning, or: [.info, .notice, .error],
        [.line, .repeats, .seconds, .code, .peer])
    package static let logLinesDropped = LogEvent(
        "Log lines were dropped: the reader of the log is too slow.", .warning, [.lines, .warnings])
}

extension LogEvent {
    /// The events about requests, deliveries, subscriptions and the status page. Each is logged when its message says so.
    package static let intake: [LogEvent] = [
        requestCompleted, requestRejected, tlsFailed, proxyHeaderRejected, clientTimedOut, connectionLimitReached,
        deliveryRejected, deliveryMisdirected, batchedEventReceived, eventsNotServed, subscriptionConfirmed,
        subscriptionRestored, subscriptionPending, subscriptionEnded, subscriptionRestoreFailed,
        subscriptionStatusNotStored, deadLetterActionCompleted, deadLettersActionCompleted,
        pauseActionCompleted, adminActionRejected,
    ]

    // MARK: Requests and connections

    package static let requestCompleted = LogEvent(
        "Request completed.", .info, or: [.debug],
        [
            .method, .path, .status, .received, .sent, .milliseconds, .peer, .request, .tls, .agent, .delivery,
            .messageID, .topic, .account, .region, .source, .eventID, .count, .outcome, .claim,
        ])
    package static let requestRejected = LogEvent(
        "Request rejected by the HTTP server.", .warning, [.status, .code, .reason, .peer, .request])
    package static let tlsFailed = LogEvent("TLS connection failed.", .info, [.code, .reason, .peer])
    package static let proxyHeaderRejected = LogEvent(
        "Connection rejected: PROXY protocol header missing or invalid.", .warning, [.code, .reason, .peer])
    package static let clientTimedOut = LogEvent(
        "Connection closed: client timeout.", .info, [.code, .duration, .peer])
    package static let connectionLimitReached = LogEvent(
        "Connection limit reached: listen.maxConnections or listen.maxConnectionsPerAddress.", .warning,
        [.idleClosed, .refused])

    // MARK: Deliveries

    package static let deliveryRejected = LogEvent(
        "Delivery rejected.", .warning, or: [.debug], [.route, .status, .code, .reason, .peer, .request, .claim])
    package static let deliveryMisdirected = LogEvent(
        "Delivery sent to the wrong path.", .warning, [.path, .peer, .reason])
    package static let batchedEventReceived = LogEvent(
        "Event of a batch received.", .info, [.delivery, .account, .region, .source, .eventID, .outcome, .request])
    package static let eventsNotServed = LogEvent(
        "Events dropped: their account and Region have no topic in sns.topics.", .warning,
        [.code, .count, .peer, .request, .reason])

    // MARK: Subscriptions

    package static let subscriptionConfirmed = LogEvent("Subscription confirmed.", .info, [.topic])
    package static let subscriptionRestored = LogEvent("Re-subscribed to the topic.", .info, [.topic])
    package static let subscriptionPending = LogEvent(
        "Subscription not confirmed: sns.confirm is off. Run the command to confirm it.", .warning, [.topic, .command])
    package static let subscriptionEnded = LogEvent(
        "Subscription ended: the topic sends nothing until it is subscribed again.", .warning, [.topic, .command])
    package static let subscriptionRestoreFailed = LogEvent(
        "Subscription ended: re-subscribing failed and will be retried.", .warning, [.topic, .command])
    package static let subscriptionStatusNotStored = LogEvent(
        "Failed to store the subscription status.", .warning, [.topic, .reason])

    // MARK: Status page

    package static let deadLetterActionCompleted = LogEvent(
        "Dead letter replayed or dropped on the status page.", .notice,
        [.account, .region, .action, .delivery, .who, .peer, .request])
    package static let deadLettersActionCompleted = LogEvent(
        "Several dead letters replayed or dropped on the status page.", .notice,
        [.account, .region, .source, .action, .count, .reason, .who, .peer, .request])
    package static let pauseActionCompleted = LogEvent(
        "Sending paused or resumed on the status page.", .notice,
        [.account, .source, .action, .reason, .who, .peer, .request])
    package static let adminActionRejected = LogEvent(
        "Action rejected on the status page.", .warning, [.action, .code, .peer, .request])
}
