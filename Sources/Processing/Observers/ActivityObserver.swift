package import Store

/// Receives what happens to deliveries and findings, for the status page.
package protocol ActivityObserver: Sendable {
    /// Records that Security Hub accepted or rejected a finding.
    ///
    /// - Parameters:
    ///   - severity: the severity of the finding; nil if it is not known.
    ///   - deliveryID: the delivery that the finding comes from; nil if it comes from several.
    func recordFinding(
        _ result: FindingResult, of findingID: String, _ severity: LedgerEntry.Severity?, from deliveryID: String?)

    /// Records that deliveries were leased by a worker of this process.
    func recordLeases(_ deliveries: [LeasedDelivery])

    /// Records the outcome of processing a delivery.
    ///
    /// - Parameters:
    ///   - result: the result for its finding, unless ``recordFinding(_:of:_:from:)`` recorded it.
    ///   - ending: the outcome if the delivery was not completed; nil if it was.
    ///   - reason: why the delivery was not completed.
    func recordOutcome(
        of delivery: Delivery, about subject: DeliverySubject, _ result: FindingResult?,
        as ending: DeliveryEvent.Outcome?, because reason: String?)

    /// Records that a delivery is released unprocessed, or that its lease was lost.
    func recordRelease(of delivery: Delivery, because reason: String)
}

extension ActivityObserver {
    /// Records that a delivery was completed.
    package func recordOutcome(of delivery: Delivery, about subject: DeliverySubject, _ result: FindingResult?) {
        recordOutcome(of: delivery, about: subject, result, as: nil, because: nil)
    }

    /// Records that a delivery was not completed.
    package func recordOutcome(
        of delivery: Delivery, about subject: DeliverySubject, as ending: DeliveryEvent.Outcome, because reason: String
    ) {
        recordOutcome(of: delivery, about: subject, nil, as: ending, because: reason)
    }
}
