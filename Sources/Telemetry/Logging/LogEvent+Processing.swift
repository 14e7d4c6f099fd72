import Encoding
import Logging

// Messages about the processing of deliveries, AWS, catch-up and the store.

extension LogEvent {
    /// The events about processing, AWS, audits, catch-up and the ledger. Each is logged when its message says so.
    package static let processing: [LogEvent] = [
        deliveryLeased, deliveryCompleted, eventIgnored, findingSent, deliveryRetryScheduled, deliveryInterrupted,
        deliveryDeadLettered, deadLettersDropped, leaseLost, leaseNotExtended, leasesNotReleased, outcomeNotStored,
        heartbeatExpired, processingPaused, processingResumed, accessDenied, securityHubNotEnabled, noCredentials,
        awsUnreachable, auditAccessDenied, auditsUnreachable, awsRecovered, auditListingRestarted,
        suppressionsNotListed, staleFindingsArchived, catchUpFoundMissedEvents, catchUpAccessDenied,
        catchUpEntriesNotParsed, catchUpWatermarkReset, catchUpNotQueued, ledgerRebuilt, ledgerRebuiltIncompletely,
        ledgerRebuildFailed, ledgerRebuildRetryScheduled,
    ]

    // MARK: Deliveries

    package static let deliveryLeased = LogEvent("Delivery leased.", .debug, leasedFields)
    package static let deliveryCompleted = LogEvent(
        "Delivery completed.", .info, leasedFields + [.milliseconds, .finding, .result])
    package static let eventIgnored = LogEvent("Event ignored: it changes no finding.", .info, leasedFields + [.reason])
    package static let findingSent = LogEvent(
        "Finding sent to Security Hub.", .debug, [.account, .region, .finding, .result, .delivery])
    package static let deliveryRetryScheduled = LogEvent(
        "Delivery failed and will be retried.", .warning, leasedFields + [.reason, .retryIn])
    package static let deliveryInterrupted = LogEvent(
        "Processing of a delivery was interrupted and will be retried.", .debug, leasedFields + [.reason])
    package static let deliveryDeadLettered = LogEvent(
        "Delivery dead-lettered.", .error, leasedFields + [.code, .reason])
    package static let deadLettersDropped = LogEvent(
        "Dead letters were deleted permanently: a dead-letter limit was exceeded.", .error,
        [.dropped, .reason, .topic, .source])
    package static let leaseLost = LogEvent(
        "Lease lost: another worker took over this delivery.", .warning, leasedFields)
    package static let leaseNotExtended = LogEvent("Failed to extend a lease.", .debug, [.delivery, .reason])
    package static let leasesNotReleased = LogEvent(
        "Failed to release leases; will be retried when the store is available.", .warning, [.reason])
    package static let outcomeNotStored = LogEvent(
        "Failed to store the outcome of a delivery.", .debug, leasedFields + [.reason])
    package static let heartbeatExpired = LogEvent(
        "Replica heartbeat expired; processing stops until it is renewed.", .warning)
    package static let processingPaused = LogEvent(
        "Processing paused; incoming messages are still accepted and queued.", .notice,
        [.account, .source, .by, .reason])
    package static let processingResumed = LogEvent("Pause ended; processing resumes.", .notice, [.account, .source])

    // MARK: AWS

    package static let accessDenied = LogEvent(
        "AWS denied access. Processing for this account and Region is suspended and will be retried.", .error,
        [.account, .region, .source, .code, .reason])
    package static let securityHubNotEnabled = LogEvent(
        "Security Hub is not enabled. Processing for this account and Region is suspended and will be retried.", .error,
        [.account, .region, .source, .code, .reason])
    package static let noCredentials = LogEvent(
        "No usable AWS credentials. Processing for this account and Region is suspended and will be retried.", .error,
        [.account, .region, .source, .code, .reason])
    package static let awsUnreachable = LogEvent(
        "AWS cannot be reached. Processing for this account and Region is suspended and will be retried.", .error,
        [.account, .region, .source, .code, .reason])
    package static let auditAccessDenied = LogEvent(
        "AWS IoT denied access. Audits of this account and Region are suspended and will be retried.", .error,
        [.account, .region, .source, .code, .reason])
    package static let auditsUnreachable = LogEvent(
        "AWS IoT cannot be reached. Audits of this account and Region are suspended and will be retried.", .error,
        [.account, .region, .source, .code, .reason])
    package static let awsRecovered = LogEvent(
        "AWS accepts requests again; processing resumes.", .notice, [.account, .region, .source, .after])

    // MARK: Audits

    package static let auditListingRestarted = LogEvent(
        "AWS IoT rejected the page token of an audit; listing it again from the first page.", .info,
        [.account, .region, .delivery, .audit, .reason])
    package static let suppressionsNotListed = LogEvent(
        "Failed to list audit suppressions; only suppressions reported by events are known.", .warning,
        [.account, .region, .reason])
    package static let staleFindingsArchived = LogEvent(
        "Archived findings that audits no longer confirm.", .notice,
        [.account, .region, .delivery, .check, .kind, .count])

    // MARK: Catch-up

    package static let catchUpFoundMissedEvents = LogEvent(
        "Catch-up found missed events and queued them.", .notice,
        [.account, .region, .source, .audits, .alarms, .ended, .verifications])
    package static let catchUpAccessDenied = LogEvent(
        "Catch-up could not read from AWS. Allow the action in the role's policy.", .warning,
        [.account, .region, .source, .reason])
    package static let catchUpEntriesNotParsed = LogEvent(
        "Catch-up skipped entries that could not be parsed.", .warning, [.account, .region, .source, .count])
    package static let catchUpWatermarkReset = LogEvent(
        "Catch-up watermark was in the future; reset to check all events that AWS keeps.", .warning,
        [.account, .region, .aheadSeconds])
    package static let catchUpNotQueued = LogEvent("Failed to queue a catch-up; will be retried.", .warning, [.reason])

    // MARK: Ledger

    package static let ledgerRebuilt = LogEvent(
        "Ledger rebuilt from Security Hub.", .notice, [.account, .region, .findings])
    package static let ledgerRebuiltIncompletely = LogEvent(
        "Ledger rebuilt without findings that could not be parsed.", .warning, [.account, .region, .count, .finding])
    package static let ledgerRebuildFailed = LogEvent(
        "Ledger rebuild failed; importing without the existing findings of Security Hub.", .warning,
        [.account, .region, .reason])
    package static let ledgerRebuildRetryScheduled = LogEvent(
        "Ledger rebuild failed and will be retried; deliveries wait.", .warning,
        [.account, .region, .reason, .retryIn])
}

extension LogEvent {
    /// The events about the store and the clock. Each is logged when its message says so.
    package static let store: [LogEvent] = [
        storeReplaced, storeUnavailable, storeStillUnavailable, storeAvailable, storeUnavailableToWorkers,
        storeStillUnavailableToWorkers, storeAvailableToWorkers, integrityCheckProgress, integrityCheckFailed,
        integrityCheckPassed, oldEntriesDeleted, oldEntriesNotDeleted, storeMigrating, dueTasksNotRead,
        lastDeliveryNotStored, historyNotRecorded, clockNotTrusted, clockTrusted,
    ]

    // MARK: Availability

    package static let storeReplaced = LogEvent(
        "Store damaged: it was moved aside and replaced by an empty one.", .error, [.file])
    package static let storeUnavailable = LogEvent(
        "Store unavailable: deliveries are rejected with status 503 and senders retry.", .error, [.reason])
    package static let storeStillUnavailable = LogEvent(
        "Store still unavailable: deliveries are rejected with status 503.", .error, [.reason, .failures, .duration])
    package static let storeAvailable = LogEvent(
        "Store available again: deliveries are accepted.", .notice, [.failures, .duration])
    package static let storeUnavailableToWorkers = LogEvent(
        "Store unavailable for processing: deliveries are accepted and queued.", .error, [.reason])
    package static let storeStillUnavailableToWorkers = LogEvent(
        "Store still unavailable for processing.", .error, [.reason, .failures, .duration])
    package static let storeAvailableToWorkers = LogEvent(
        "Store available again for processing.", .notice, [.failures, .duration])

    // MARK: Maintenance

    package static let integrityCheckProgress = LogEvent(
        "Store integrity check in progress.", .info, [.table, .row, .lastRow])
    package static let integrityCheckFailed = LogEvent(
        "Store integrity check could not run and will be retried.", .warning, [.reason])
    package static let integrityCheckPassed = LogEvent(
        "Store integrity check passed.", .debug, or: [.info], [.milliseconds])
    package static let oldEntriesDeleted = LogEvent(
        "Old entries deleted from the store.", .debug, [.deliveries, .findings, .dispositions])
    package static let oldEntriesNotDeleted = LogEvent(
        "Failed to delete old entries from the store; will be retried.", .warning, [.reason])
    package static let storeMigrating = LogEvent(
        "Store migration in progress: findings are moved to their new tables.", .notice, [.findings, .count])
    package static let dueTasksNotRead = LogEvent(
        "Failed to read due tasks from the store; will be retried.", .warning, [.reason])
    package static let historyNotRecorded = LogEvent(
        "Failed to record a point of the history of findings; will be retried.", .warning, [.reason])
    package static let lastDeliveryNotStored = LogEvent(
        "Failed to store the time of the last delivery; will be retried.", .debug, [.reason])

    // MARK: Clock

    package static let clockNotTrusted = LogEvent(
        "Clock jumped or differs from AWS's clock: deletion by age is suspended.", .warning, [.aheadOfAWS, .heldFor])
    package static let clockTrusted = LogEvent("Clock trusted again: deletion by age resumes.", .notice)
}
