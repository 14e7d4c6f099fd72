package import JSON

/// A numbered snapshot of the status, shared by all subscribers.
package struct StatusSnapshot: Sendable {
    /// Counts the snapshots.
    package let number: Int
    /// Counts the changes.
    package let version: Int
    /// The whole status.
    package let status: JSON
    /// Difference from the previous version; nil if there is none.
    package let change: JSON?
}

/// What one subscriber has received, and the server-sent events it gets next (WHATWG HTML, section 9.2). A pure value.
struct StatusSubscriber: Sendable {
    /// Number of snapshots without a change after which a keep-alive comment is sent.
    static let keepAliveInterval = 7

    private var sentVersion: Int?
    private var sentNumber = 0

    /// The events to send for a snapshot; nil if there are none. A subscriber that missed a change gets the whole status.
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

    /// Serialized JSON contains no line feed.
    private static func event(_ name: String, _ data: JSON) -> String {
        "event: \(name)\ndata: \(String(decoding: data.serialized(), as: UTF8.self))\n\n"
    }
}
