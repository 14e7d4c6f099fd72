package import Store
package import Telemetry

extension LogFields {
    /// The delivery, its lane and the attempt, and more.
    package static func about(_ leased: LeasedDelivery, _ more: LogFields = [:]) -> LogFields {
        var fields: LogFields = [.delivery: .string(leased.delivery.id)]
        fields.add(about(leased.delivery.lane))
        fields.add(.attempt, .integer(leased.attempt))
        fields.add(more)
        return fields
    }

    /// A lane, and more.
    package static func about(_ lane: DeliveryLane, _ more: LogFields = [:]) -> LogFields {
        var fields = about(lane.accountRegion)
        if let source = lane.source { fields.add(.source, .string(source)) }
        fields.add(more)
        return fields
    }
}
