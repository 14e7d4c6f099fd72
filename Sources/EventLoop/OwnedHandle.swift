import CLibuv

/// The memory of one libuv handle, and the rule for freeing it: libuv may touch a handle until its close callback, so
/// the memory, and the object whose callbacks it calls, live until then.
struct OwnedHandle<Handle> {
    let pointer = UnsafeMutablePointer<Handle>.allocate(capacity: 1)

    private var base: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: uv_handle_t.self)
    }

    /// Keeps the owner alive until the handle is closed; to be called once, when libuv has initialized the handle.
    func keep(_ owner: AnyObject) {
        uv_handle_set_data(base, Unmanaged.passRetained(owner).toOpaque())
    }

    /// Frees a handle that libuv has refused to initialize.
    func discard() { pointer.deallocate() }

    /// Closes the handle, and lets its memory and its owner go when libuv is done with them; to be called once.
    func close() {
        uv_close(base) { handle in
            guard let handle else { return }
            let data = uv_handle_get_data(handle)
            UnsafeMutableRawPointer(handle).deallocate()
            if let data { Unmanaged<AnyObject>.fromOpaque(data).release() }
        }
    }

    /// The owner of a handle that libuv hands to a callback.
    static func owner<Owner: AnyObject>(_ handle: UnsafeMutablePointer<Handle>?, as type: Owner.Type) -> Owner? {
        guard let handle else { return nil }
        let base = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
        return uv_handle_get_data(base).map { Unmanaged<Owner>.fromOpaque($0).takeUnretainedValue() }
    }
}
