package import Planning
package import Store

/// The outcome of processing a delivery.
package struct DeliveryOutcome: Sendable {
    /// The delivery and its lease.
    package let leased: LeasedDelivery
    /// What the delivery is about.
    package let subject: DeliverySubject
    /// Whether it succeeded, and why not.
    package let outcome: SendOutcome
    /// The result of its finding; nil if it is about several or none.
    package let finding: FindingResult?
    /// The kind of the dead letter if the outcome is a rejection.
    package let deadLetter: DeadLetterKind

    /// Creates an outcome.
    package init(
        _ leased: LeasedDelivery, about subject: DeliverySubject, _ outcome: SendOutcome,
        finding: FindingResult? = nil, as deadLetter: DeadLetterKind = .rejected
    ) {
        self.leased = leased
        self.subject = subject
        self.outcome = outcome
        self.finding = finding
        self.deadLetter = deadLetter
    }
}
