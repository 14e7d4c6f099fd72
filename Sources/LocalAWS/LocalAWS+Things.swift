package import AWSCore

extension LocalAWS {
    /// Adds a thing, or replaces its attributes.
    package func setThing(_ name: String, attributes: [String: String], in accountRegion: AccountRegion) {
        state.withLock { $0.things[accountRegion, default: [:]][name] = attributes }
    }
}
