import CLibuv

/// Owns the memory of one libuv handle. libuv may use a handle until its close callback, so the memory and the owner of
/// its callbacks are kept until then.
struct OwnedHandle<Handle> {
    let pointer = UnsafeMutablePointer<Handle>.allocate(capacity: 1)

    private var base: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: uv_handle_t.self)
    }

    /// Retains the owner until the handle is closed; call it once, after libuv has initialized the handle.
    func keep(_ owner: AnyObject) {
        uv_handle_set_data(base, Unmanaged.passRetained(owner).toOpaque())
    }

    /// Frees a handle that libuv failed to initialize.
    func discard() { pointer.deallocate() }

    /// Closes the handle, and releases its memory and its owner in the close callback; call it once.
    func close() {
        uv_close(base) { handle in
            guard let handle else { return }
            let data = uv_handle_get_data(handle)
            UnsafeMutableRawPointer(handle).deallocate()
            if let data { Unmanaged<AnyObject>.fromOpaque(data).release() }
        }
    }

    /// The owner of a handle in a libuv callback.
    static func owner<Owner: AnyObject>(_ handle: UnsafeMutablePointer<Handle>?, as type: Owner.Type) -> Owner? {
        guard let handle else { return nil }
        let base = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
        return uv_handle_get_data(base).map { Unmanaged<Owner>.fromOpaque($0).takeUnretainedValue() }
    }
}
