public import Store

/// Opens the store that a configuration names: the one way to it, for the bridge and for the commands beside it.
public enum StoreOpening {
    /// Opens a store.
    ///
    /// - Parameters:
    ///   - location: where it is.
    ///   - access: what for.
    /// - Throws: ``ConfigurationError`` for `store.url` if that is not possible, with the reason and the cure.
    public static func open(
        _ location: StoreLocation, for access: StoreAccess
    ) async throws(ConfigurationError) -> any Store {
        do throws(StoreError) {
            switch location {
            case .sqlite(let path): return try await SQLiteStore(path: path, access: access)
            }
        } catch {
            throw ConfigurationError("store.url", error.message)
        }
    }
}
