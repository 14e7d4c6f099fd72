package import Encoding

/// The exclusive lower bound of a page of dead letters, which are ordered by time and id.
package struct PageStart: Sendable, Hashable {
    /// The time as it is stored, in milliseconds since 1970.
    package let storedTime: Int64
    /// The id. An empty one precedes all others.
    package let id: String

    /// Creates a value.
    package init(storedTime: Int64, id: String) {
        self.storedTime = storedTime
        self.id = id
    }

    /// The bound of the page that follows a row; of the first page for nil.
    package init(after time: Timestamp?, _ id: String?) {
        // A damaged row can have a later time, which is read as the latest one. A page that follows it would begin with
        // it again.
        storedTime = time.map { $0 == .latest ? .max : $0.milliseconds } ?? .min
        self.id = id ?? ""
    }
}

extension DeadLetterFilter {
    /// The exclusive lower bound of the page that follows a dead letter.
    package func start(after last: DeadLetter?) -> PageStart {
        if let last, failedSince.map({ last.lastFailedAt >= $0 }) ?? true {
            return PageStart(after: last.lastFailedAt, last.delivery.id)
        }
        // No id is empty, so every dead letter of the first time follows.
        return PageStart(storedTime: failedSince?.milliseconds ?? .min, id: "")
    }
}
