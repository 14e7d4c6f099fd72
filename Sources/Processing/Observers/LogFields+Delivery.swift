package import Store
package import Telemetry

extension LogFields {
    /// The delivery, its account and Region and the attempt, and more.
    package static func about(_ leased: LeasedDelivery, _ more: LogFields = [:]) -> LogFields {
        var fields: LogFields = [.delivery: .string(leased.delivery.id)]
        fields.add(about(leased.delivery.accountRegion))
        fields.add(.attempt, .integer(leased.attempt))
        fields.add(more)
        return fields
    }
}
