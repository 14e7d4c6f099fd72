package import Planning
package import Store

/// A leased delivery, and what it requests.
package typealias LeasedCommand = (leased: LeasedDelivery, command: DeliveryCommand)

/// Processes the deliveries of one kind of one account and Region.
package protocol DeliveryProcessor: Sendable {
    /// Processes deliveries in order, and stores the outcome of each.
    func process(_ items: [LeasedCommand]) async
}
