/// What a process wants with a store.
public enum StoreAccess: Sendable, Hashable {
    /// To serve from it: creates it if need be, and brings its tables up to date.
    case serving
    /// To mend it, possibly while another process serves from it, whose workers take notice within two seconds.
    case maintenance
    /// To look at it, possibly while another process serves from it. Every write throws
    /// ``StoreError/Code/unavailable``.
    case readOnly
}
