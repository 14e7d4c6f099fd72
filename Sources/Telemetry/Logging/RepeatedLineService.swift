package import EventLoop
import ServiceLifecycle

/// Writes summaries of suppressed log lines on time, even if no further line is logged.
package struct RepeatedLineService: Service {
    package let control: LogSink
    package let loop: EventLoop

    package func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await loop.sleep(for: .seconds(10))) != nil { control.flushSummaries() }
        }
        control.flushSummaries(atEnd: true)
    }

    package init(control: LogSink, loop: EventLoop) {
        self.control = control
        self.loop = loop
    }
}
