import PostgreSQLStore
import SQLiteStore
package import Store

/// Opens the configured store, for the bridge and for commands.
package enum StoreFactory {
    /// Opens a store.
    ///
    /// - Parameters:
    ///   - location: the location of the store.
    ///   - access: the kind of access.
    ///   - replaceDamagedStore: called with the new name of a damaged store that was renamed and replaced with an empty one;
    ///     nil fails instead. Applies only to access for serving.
    ///   - report: called with transactions and connections.
    /// - Throws: ``ConfigurationError`` for `store.url` if the store cannot be opened.
    package static func open(
        _ location: StoreLocation, for access: StoreAccess,
        replaceDamagedStore: (@Sendable (_ file: String) -> Void)? = nil,
        report: @escaping StoreEvent.Report = { _ in }
    ) async throws(ConfigurationError) -> any Store {
        do throws(StoreError) {
            return try await store(location, access, replaceDamagedStore, report)
        } catch {
            throw ConfigurationError(error)
        }
    }

    /// A store for serving that ``OpeningStore/start(report:)`` opens, retrying until it succeeds.
    static func later(
        _ location: StoreLocation, replaceDamagedStore: (@Sendable (_ file: String) -> Void)?,
        report: @escaping StoreEvent.Report
    ) -> OpeningStore {
        OpeningStore { () async throws(StoreError) in try await store(location, .serving, replaceDamagedStore, report) }
    }

    /// Opens a store for serving or, if another process has it open exclusively, for maintenance.
    ///
    /// - Returns: the store, and whether another process serves from it exclusively.
    /// - Throws: ``ConfigurationError`` for `store.url` if the store cannot be opened.
    static func openForProcessing(
        _ location: StoreLocation
    ) async throws(ConfigurationError) -> (store: any Store, isServed: Bool) {
        do throws(StoreError) {
            return (try await store(location, .serving, nil, { _ in }), false)
        } catch  where error.code == .inUse {
            return (try await open(location, for: .maintenance), true)
        } catch {
            throw ConfigurationError(error)
        }
    }

    static func store(
        _ location: StoreLocation, _ access: StoreAccess,
        _ replaceDamagedStore: (@Sendable (_ file: String) -> Void)? = nil,
        _ report: @escaping StoreEvent.Report = { _ in }
    ) async throws(StoreError) -> any Store {
        switch location {
        case .sqlite(let path):
            try await SQLiteStore(path: path, access: access, replaceDamaged: replaceDamagedStore, report: report)
        // Repairing a damaged database is up to its server.
        case .postgresql(let address): try await PostgreSQLStore(address: address, access: access, report: report)
        }
    }
}

extension ConfigurationError {
    /// Reports a store that cannot be opened.
    package init(_ error: StoreError) {
        self.init("store.url", error.message, isTransient: error.code == .unavailable || error.code == .inUse)
    }
}
