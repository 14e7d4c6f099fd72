import EventLoop
import ServiceLifecycle

/// Writes summaries of suppressed log lines on time, even if no further line is logged.
struct RepeatedLineService: Service {
    let control: LogSink
    let loop: EventLoop

    func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await loop.sleep(for: .seconds(10))) != nil { control.flushSummaries() }
        }
        control.flushSummaries(atEnd: true)
    }
}
