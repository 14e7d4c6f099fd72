package import Store

/// Receives what happens to deliveries and findings, for the status page.
package protocol ActivityObserver: Sendable {
    /// Records that Security Hub accepted or rejected a finding.
    ///
    /// - Parameter deliveryID: the delivery that the finding comes from; nil if it comes from several.
    func recordFinding(_ result: FindingResult, of findingID: String, from deliveryID: String?)

    /// Records the outcome of processing a delivery.
    ///
    /// - Parameters:
    ///   - result: the result for its finding, unless ``recordFinding(_:of:from:)`` recorded it.
    ///   - ending: the outcome if the delivery was not completed; nil if it was.
    func recordOutcome(
        of delivery: Delivery, about subject: DeliverySubject, _ result: FindingResult?,
        as ending: DeliveryEvent.Outcome?)

    /// Discards the counts of a delivery that is released unprocessed.
    func discardCounts(of delivery: Delivery)
}

extension ActivityObserver {
    /// Records that a delivery was completed.
    package func recordOutcome(of delivery: Delivery, about subject: DeliverySubject, _ result: FindingResult?) {
        recordOutcome(of: delivery, about: subject, result, as: nil)
    }

    /// Records that a delivery was not completed.
    package func recordOutcome(of delivery: Delivery, about subject: DeliverySubject, as ending: DeliveryEvent.Outcome)
    {
        recordOutcome(of: delivery, about: subject, nil, as: ending)
    }
}
