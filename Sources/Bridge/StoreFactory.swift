public import Store

/// Opens the store that a configuration names: the one way to it, for the bridge and for the commands beside it.
public enum StoreFactory {
    /// Opens a store.
    ///
    /// - Parameters:
    ///   - location: where it is.
    ///   - access: what for.
    ///   - replaceDamagedStore: hears under which name a damaged store was set aside, in whose place an empty one is made; nil
    ///     leaves it as it is, and throws. Only a store that is served from is set aside.
    ///   - report: hears of transactions and connections.
    /// - Throws: ``ConfigurationError`` for `store.url` if that is not possible, with the reason and the cure.
    public static func open(
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

    /// A store to serve from that is opened by ``OpeningStore/start(report:)``, however long that takes.
    static func later(
        _ location: StoreLocation, replaceDamagedStore: (@Sendable (_ file: String) -> Void)?,
        report: @escaping StoreEvent.Report
    ) -> OpeningStore {
        OpeningStore { () async throws(StoreError) in try await store(location, .serving, replaceDamagedStore, report) }
    }

    /// Opens a store to serve from it or, while another process does so and allows no second one, beside it.
    ///
    /// - Returns: also whether another process serves from it alone.
    /// - Throws: ``ConfigurationError`` for `store.url` if that is not possible, with the reason and the cure.
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
        // A database that is damaged is its server's to mend.
        case .postgresql(let address): try await PostgreSQLStore(address: address, access: access, report: report)
        }
    }
}

extension ConfigurationError {
    /// A store that cannot be opened.
    init(_ error: StoreError) {
        self.init("store.url", error.message, isTransient: error.code == .unavailable || error.code == .inUse)
    }
}
