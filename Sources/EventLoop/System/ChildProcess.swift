import CLibuv
import Glibc

/// The result of a program that has exited.
public struct CompletedProcess: Sendable, Hashable {
    /// The exit code; nil if a signal killed it.
    public let status: Int64?
    /// Its standard output.
    public let output: [UInt8]
    /// Its standard error.
    public let errors: [UInt8]
}

/// Why a program did not exit by itself.
public enum ProcessError: Error, Hashable, CustomStringConvertible {
    /// It could not be started.
    case notStarted(EventLoopError)
    /// It was killed after its time limit.
    case timedOut(Duration)
    /// It was killed because its output exceeded the limit.
    case tooMuchOutput(limit: Int)

    /// The error message.
    public var description: String {
        switch self {
        case .notStarted(let error): "\(error)"
        case .timedOut(let limit): "timed out after \(limit)"
        case .tooMuchOutput(let limit): "output exceeded \(limit) bytes"
        }
    }
}

extension EventLoop {
    /// Runs a program until it exits, with this process's environment and an empty standard input.
    ///
    /// - Parameters:
    ///   - arguments: the program, searched in `PATH` unless it is a path, and its arguments.
    ///   - limit: the time limit, after which it is killed.
    ///   - maximumOutput: the maximum size of its standard output and its standard error each, in bytes.
    public func run(
        program arguments: [String], within limit: Duration, maximumOutput: Int
    ) async throws(ProcessError) -> CompletedProcess {
        let result: Result<CompletedProcess, ProcessError> = await withCheckedContinuation { continuation in
            Task(executorPreference: self) {
                ChildProcess.start(arguments, on: self, within: limit, maximumOutput: maximumOutput) {
                    continuation.resume(returning: $0)
                }
            }
        }
        return try result.get()
    }
}

/// A running program; used on the loop's thread only. It keeps itself alive until it has exited.
private final class ChildProcess {
    private let handle = OwnedHandle<uv_process_t>()
    private let limit: Duration
    private let maximumOutput: Int
    private let finish: (Result<CompletedProcess, ProcessError>) -> Void
    private var output: OutputPipe?
    private var errors: OutputPipe?
    private var deadline: LoopTimer?
    private var status: Int64??
    private var failure: ProcessError?

    static func start(
        _ arguments: [String], on loop: EventLoop, within limit: Duration, maximumOutput: Int,
        finish: @escaping (Result<CompletedProcess, ProcessError>) -> Void
    ) {
        let child = ChildProcess(limit: limit, maximumOutput: maximumOutput, finish: finish)
        child.start(arguments, on: loop)
    }

    private init(
        limit: Duration, maximumOutput: Int, finish: @escaping (Result<CompletedProcess, ProcessError>) -> Void
    ) {
        self.limit = limit
        self.maximumOutput = maximumOutput
        self.finish = finish
    }

    private func start(_ arguments: [String], on loop: EventLoop) {
        let output = OutputPipe(on: loop, limit: maximumOutput) { self.pipeEnded($0) }
        let errors = OutputPipe(on: loop, limit: maximumOutput) { self.pipeEnded($0) }
        (self.output, self.errors) = (output, errors)
        let code = spawn(arguments, on: loop, output: output, errors: errors)
        // libuv requires closing the handle whether or not the program was started.
        handle.keep(self)
        guard code == 0 else {
            failure = .notStarted(
                EventLoopError(code, operation: "start \(arguments.first ?? "a program without a name")"))
            status = .some(nil)
            output.close()
            errors.close()
            return finishIfEnded()
        }
        output.startReading()
        errors.startReading()
        let deadline = LoopTimer(on: loop) { self.end(.timedOut(self.limit)) }
        self.deadline = deadline
        deadline.start(after: limit)
    }

    private func spawn(_ arguments: [String], on loop: EventLoop, output: OutputPipe, errors: OutputPipe) -> CInt {
        var texts: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for text in texts { free(text) } }
        var streams = [uv_stdio_container_t(), uv_stdio_container_t(), uv_stdio_container_t()]
        streams[0].flags = UV_IGNORE
        for (index, pipe) in [(1, output), (2, errors)] {
            streams[index].flags = uv_stdio_flags(rawValue: UV_CREATE_PIPE.rawValue | UV_WRITABLE_PIPE.rawValue)
            streams[index].data.stream = pipe.stream
        }
        return texts.withUnsafeMutableBufferPointer { texts in
            streams.withUnsafeMutableBufferPointer { streams in
                var options = uv_process_options_t()
                options.file = UnsafePointer(texts[0])
                options.args = texts.baseAddress
                options.stdio = streams.baseAddress
                options.stdio_count = CInt(streams.count)
                options.exit_cb = { handle, status, signal in
                    OwnedHandle.owner(handle, as: ChildProcess.self)?.didExit(signal == 0 ? status : nil)
                }
                return uv_spawn(loop.uvLoop, handle.pointer, &options)
            }
        }
    }

    private func didExit(_ status: Int64?) {
        self.status = .some(status)
        finishIfEnded()
    }

    private func pipeEnded(_ isTooLong: Bool) {
        if isTooLong { end(.tooMuchOutput(limit: maximumOutput)) } else { finishIfEnded() }
    }

    /// Kills the program and stops reading its output, which a grandchild may keep open.
    private func end(_ failure: ProcessError) {
        guard self.failure == nil else { return }
        self.failure = failure
        if status == nil { uv_process_kill(handle.pointer, SIGKILL) }
        output?.close()
        errors?.close()
        finishIfEnded()
    }

    private func finishIfEnded() {
        guard let status, let output, let errors, output.isClosed, errors.isClosed else { return }
        (self.output, self.errors) = (nil, nil)
        deadline?.close()
        handle.close()
        if let failure {
            finish(.failure(failure))
        } else {
            finish(.success(CompletedProcess(status: status, output: output.bytes, errors: errors.bytes)))
        }
    }
}

/// Reads one of a program's outputs.
private final class OutputPipe {
    private(set) var bytes: [UInt8] = []
    private(set) var isClosed = false
    private let loop: EventLoop
    private let handle = OwnedHandle<uv_pipe_t>()
    private let limit: Int
    private let ended: (_ isTooLong: Bool) -> Void

    var stream: UnsafeMutablePointer<uv_stream_t> {
        UnsafeMutableRawPointer(handle.pointer).assumingMemoryBound(to: uv_stream_t.self)
    }

    init(on loop: EventLoop, limit: Int, ended: @escaping (_ isTooLong: Bool) -> Void) {
        self.loop = loop
        self.limit = limit
        self.ended = ended
        uv_pipe_init(loop.uvLoop, handle.pointer, 0)
        handle.keep(self)
    }

    func startReading() {
        uv_read_start(
            stream,
            { handle, _, buffer in
                let base = UnsafeMutableRawPointer(handle)?.assumingMemoryBound(to: uv_stream_t.self)
                guard let reader = OwnedHandle<uv_stream_t>.owner(base, as: OutputPipe.self) else { return }
                let memory = reader.loop.readBuffer.assumingMemoryBound(to: CChar.self)
                buffer?.pointee = uv_buf_init(memory.baseAddress, CUnsignedInt(memory.count))
            },
            { handle, count, _ in
                OwnedHandle<uv_stream_t>.owner(handle, as: OutputPipe.self)?.didRead(count)
            })
    }

    private func didRead(_ count: Int) {
        guard count != 0, !isClosed else { return }
        guard count > 0 else {
            close()
            return ended(false)
        }
        guard bytes.count + count <= limit else { return ended(true) }
        bytes.append(contentsOf: loop.readBuffer[..<count])
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        handle.close()
    }
}
