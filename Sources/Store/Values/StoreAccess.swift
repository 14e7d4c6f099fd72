/// The purpose for which a process opens a store.
package enum StoreAccess: Sendable, Hashable {
    /// Serve from it. Creates the store if necessary and applies pending migrations.
    case serving
    /// Change it, possibly while another process serves from it. Its workers notice changes within two seconds.
    case maintenance
    /// Read it, possibly while another process serves from it. Every write throws ``StoreError/Code/unavailable``.
    case readOnly
}
