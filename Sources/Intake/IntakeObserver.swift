package import HTTPServer

/// Receives the results of intake, for metrics, the status page and the log.
package protocol IntakeObserver: Sendable {
    /// Records the result of a request.
    ///
    /// - Parameter duration: from receiving the request to its result.
    func record(_ result: IntakeResult, of request: ServerRequest, route: String, after duration: Duration)
}
