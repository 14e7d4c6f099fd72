import EventLoop
import ServiceLifecycle

/// Measures the lag of the event loops each second.
struct EventLoopLagMonitor: Service {
    let loops: [(name: ProcessMetrics.Loop, loop: EventLoop)]
    let metrics: ProcessMetrics

    private static let interval = Duration.seconds(1)

    func run() async {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for (name, loop) in loops {
                    group.addTask(executorPreference: loop) { await watch(name, loop) }
                }
            }
        }
    }

    private func watch(_ name: ProcessMetrics.Loop, _ loop: EventLoop) async {
        while true {
            let start = ContinuousClock.now
            guard (try? await loop.sleep(for: Self.interval)) != nil else { return }
            metrics.lagged(name, by: .now - start - Self.interval)
        }
    }
}
