import EventLoop

extension SocketAddress? {
    /// The address for a log line; `unknown` if there is none.
    package var text: String { self?.description ?? "unknown" }
}
