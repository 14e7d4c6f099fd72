import EventLoop
import ServiceLifecycle

/// Has the log tell of repeated lines in time, also when no further line comes.
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
