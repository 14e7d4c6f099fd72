import CLibuv

/// The libuv loop and the handles that run Swift jobs on it.
final class LoopHandles {
    let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// Wakes the loop when another thread has added a job.
    private let wakeUp = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
    /// Run the jobs that callbacks have added: after and before the loop polls.
    private let afterWaiting = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
    private let beforeWaiting = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    /// Active while jobs are pending, so that the loop polls its sockets without blocking.
    private let withoutWaiting = UnsafeMutablePointer<uv_idle_t>.allocate(capacity: 1)

    private var leftOver = 0

    init() throws(EventLoopError) {
        try EventLoopError.check(uv_loop_init(loop), operation: "create an event loop")
        uv_async_init(loop, wakeUp) { _ in }
        uv_check_init(loop, afterWaiting)
        uv_prepare_init(loop, beforeWaiting)
        uv_idle_init(loop, withoutWaiting)
        uv_check_start(afterWaiting) { handle in LoopHandles.runJobs(handle?.pointee.data) }
        uv_prepare_start(beforeWaiting) { handle in LoopHandles.runJobs(handle?.pointee.data) }
    }

    deinit {
        loop.deallocate()
        readBuffer.deallocate()
        wakeUp.deallocate()
        afterWaiting.deallocate()
        beforeWaiting.deallocate()
        withoutWaiting.deallocate()
    }

    /// The owner outlives the handles' callbacks, because its thread retains it while they can run.
    func setOwner(_ owner: EventLoop) {
        let data = Unmanaged.passUnretained(owner).toOpaque()
        afterWaiting.pointee.data = data
        beforeWaiting.pointee.data = data
    }

    private static func runJobs(_ data: UnsafeMutableRawPointer?) {
        guard let data else { return }
        Unmanaged<EventLoop>.fromOpaque(data).takeUnretainedValue().runJobs()
    }

    func setWaits(_ waits: Bool) {
        if waits { uv_idle_stop(withoutWaiting) } else { uv_idle_start(withoutWaiting) { _ in } }
    }

    func wake() { uv_async_send(wakeUp) }

    func run() { uv_run(loop, UV_RUN_DEFAULT) }

    func stop() { uv_stop(loop) }

    /// Closes the loop and all handles on it; returns how many handles others had left open.
    func close() -> Int {
        uv_walk(
            loop,
            { handle, context in
                guard let handle, let context, uv_is_closing(handle) == 0 else { return }
                let handles = Unmanaged<LoopHandles>.fromOpaque(context).takeUnretainedValue()
                if !handles.isOwn(handle) { handles.leftOver += 1 }
                uv_close(handle, nil)
            }, Unmanaged.passUnretained(self).toOpaque())
        uv_run(loop, UV_RUN_DEFAULT)
        uv_loop_close(loop)
        return leftOver
    }

    private func isOwn(_ handle: UnsafeMutablePointer<uv_handle_t>) -> Bool {
        let address = UnsafeMutableRawPointer(handle)
        return address == wakeUp || address == afterWaiting || address == beforeWaiting || address == withoutWaiting
    }
}
