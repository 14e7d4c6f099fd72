import JSON

/// A look at the status, as all who view it see it.
struct StatusSnapshot: Sendable {
    /// Counts the looks.
    let number: Int
    /// Counts the changes that were seen.
    let version: Int
    /// The whole status.
    let status: JSON
    /// What is different from the version before; nil if there was none.
    let change: JSON?
}

/// What one viewer has been told, and is to be told next, as server-sent events (WHATWG HTML, section 9.2). A pure value.
struct StatusSubscriber: Sendable {
    /// After how many looks without a change a comment says that the bridge is still there.
    static let keepAliveInterval = 7

    private var sentVersion: Int?
    private var sentNumber = 0

    /// What the viewer is to be told of a look; nil if nothing. A viewer that was too slow for some of the changes is told
    /// the whole status.
    mutating func events(for snapshot: StatusSnapshot) -> String? {
        guard let sentVersion else {
            recordSent(snapshot)
            return "retry: 3000\n" + Self.event("status", snapshot.status)
        }
        if snapshot.version == sentVersion {
            guard snapshot.number - sentNumber >= Self.keepAliveInterval else { return nil }
            recordSent(snapshot)
            return ": still here\n\n"
        }
        let isNext = snapshot.version == sentVersion + 1
        recordSent(snapshot)
        if isNext, let change = snapshot.change { return Self.event("change", change) }
        return Self.event("status", snapshot.status)
    }

    private mutating func recordSent(_ snapshot: StatusSnapshot) {
        (sentVersion, sentNumber) = (snapshot.version, snapshot.number)
    }

    /// Serialized JSON has no line end in it.
    private static func event(_ name: String, _ data: JSON) -> String {
        "event: \(name)\ndata: \(String(decoding: data.serialized(), as: UTF8.self))\n\n"
    }
}
