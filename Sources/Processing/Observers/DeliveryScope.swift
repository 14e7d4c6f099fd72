/// The deliveries that the current task processes, so that requests to AWS can be attributed to them.
package enum DeliveryScope {
    /// The ids of the deliveries, which are processed together; empty outside of processing.
    @TaskLocal package static var deliveries: [String] = []
}
