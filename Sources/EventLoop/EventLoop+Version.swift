import CLibuv

extension EventLoop {
    /// The version of libuv that the program runs with.
    package static var libuvVersion: String { String(cString: uv_version_string()) }
}
