/// Why a store did not do what it was asked.
///
/// The message says what happened and what to do about it. It never holds anything of a delivery's payload or of a
/// finding.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable, Hashable {
        /// It cannot be done now and may be later: disk full, read-only, locked, input or output failed.
        case unavailable
        /// Another worker holds the delivery, or it was finished. What was asked for had no effect.
        case leaseLost
        /// The file is not a sound database.
        case corrupt
        /// The location does not name a place where a store can be.
        case invalidPath
        /// A value is outside what the store takes; nothing was changed.
        case invalidValue
        /// Another process holds the store.
        case inUse
        /// The location or the file asks for something that this version does not have.
        case unsupported
        /// The tables do not exist or are of an earlier version. A server that opens the store brings them up to date.
        case outdated
        /// The store was closed.
        case closed
        /// A defect of this software: the database refused a statement.
        case defect
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do, for an operator.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}
