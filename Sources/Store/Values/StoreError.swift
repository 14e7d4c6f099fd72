/// An error of a store.
///
/// The message states the failure and what to do about it. It never contains parts of a payload or a finding.
package struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure.
    package enum Code: String, Sendable, Hashable {
        /// Temporarily impossible: disk full, read-only, locked, or an I/O error.
        case unavailable
        /// The lease is lost: another worker took over the delivery, or it has ended. The call had no effect.
        case leaseLost
        /// The database is damaged.
        case corrupt
        /// The location cannot contain a store.
        case invalidPath
        /// A value is invalid; nothing was changed.
        case invalidValue
        /// Another process serves from the store.
        case inUse
        /// The location or the database requires a feature that this version does not have.
        case unsupported
        /// The tables do not exist, or lack migrations. A server that opens the store applies them.
        case outdated
        /// The store was closed.
        case closed
        /// A defect of this software: the database rejected a statement.
        case defect
    }

    /// The kind of failure.
    package let code: Code
    /// The failure and what to do about it, for operators.
    package let message: String

    /// Creates an error.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The code and the message.
    package var description: String { "\(code.rawValue): \(message)" }
}

extension StoreError {
    /// The store was closed.
    package static let closed = StoreError(.closed, "The store is closed.")

    /// The lease is no longer held.
    package static func leaseLost(_ lease: Lease) -> StoreError {
        StoreError(
            .leaseLost, "Lease lost: another worker took over \(lease.deliveryID) from \(lease.owner), or it has ended."
        )
    }
}
