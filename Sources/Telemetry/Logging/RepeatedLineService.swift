package import EventLoop
import ServiceLifecycle

/// Writes summaries of suppressed log lines on time, even if no further line is logged.
package struct RepeatedLineService: Service {
    /// The log.
    package let sink: LogSink
    /// The event loop that the timer runs on.
    package let loop: EventLoop

    /// Runs until the bridge shuts down.
    package func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await loop.sleep(for: .seconds(10))) != nil { sink.flushSummaries() }
        }
        sink.flushSummaries(atEnd: true)
    }

    /// Creates the service.
    package init(sink: LogSink, loop: EventLoop) {
        self.sink = sink
        self.loop = loop
    }
}
