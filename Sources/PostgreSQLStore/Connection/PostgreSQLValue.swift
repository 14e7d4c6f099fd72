import CLibpq
import Encoding
import Store

/// A statement parameter in PostgreSQL's binary format.
struct PostgreSQLValue: Sendable {
    /// The type's OID, from the catalog `pg_type`.
    let type: UInt32
    /// nil for NULL.
    let bytes: [UInt8]?

    private init(_ kind: Kind, _ bytes: [UInt8]?) {
        type = kind.element
        self.bytes = bytes
    }

    /// A number; nil for NULL.
    static func integer(_ value: Int64?) -> Self { Self(.integer, value.map { $0.wire }) }
    /// A number.
    static func integer(_ value: Int) -> Self { .integer(Int64(value)) }
    /// A point in time, as milliseconds since 1970; nil for NULL.
    static func time(_ value: Timestamp?) -> Self { .integer(value?.milliseconds) }
    /// A text; nil for NULL.
    static func text(_ value: String?) -> Self { Self(.text, value.map { Array($0.utf8) }) }
    /// Bytes.
    static func bytes(_ value: [UInt8]) -> Self { Self(.bytes, value) }
    /// A Boolean.
    static func flag(_ value: Bool) -> Self { Self(.flag, [value ? 1 : 0]) }

    static func integers(_ values: some Collection<Int64?>) -> Self { Self(.integer, values.map { $0?.wire }) }
    static func times(_ values: some Collection<Timestamp?>) -> Self { .integers(values.map { $0?.milliseconds }) }
    static func texts(_ values: some Collection<String?>) -> Self {
        Self(.text, values.map { $0.map { Array($0.utf8) } })
    }
    static func byteStrings(_ values: some Collection<[UInt8]?>) -> Self { Self(.bytes, Array(values)) }
    static func flags(_ values: some Collection<Bool>) -> Self { Self(.flag, values.map { [$0 ? 1 : 0] }) }

    private enum Kind {
        case integer, text, bytes, flag

        var element: UInt32 {
            switch self {
            case .integer: 20
            case .text: 25
            case .bytes: 17
            case .flag: 16
            }
        }

        var array: UInt32 {
            switch self {
            case .integer: 1016
            case .text: 1009
            case .bytes: 1001
            case .flag: 1000
            }
        }
    }

    /// A one-dimensional array (`array_send` in PostgreSQL's `arrayfuncs.c`): the number of dimensions, whether there
    /// are NULLs, the elements' type, count and first index, then each element with its length.
    private init(_ kind: Kind, _ elements: [[UInt8]?]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + elements.reduce(0) { $0 + 4 + ($1?.count ?? 0) })
        bytes += Int32(elements.isEmpty ? 0 : 1).wire
        bytes += Int32(elements.contains { $0 == nil } ? 1 : 0).wire
        bytes += kind.element.wire
        if !elements.isEmpty {
            bytes += Int32(clamping: elements.count).wire + Int32(1).wire
            for element in elements {
                bytes += Int32(clamping: element?.count ?? -1).wire
                if let element { bytes += element }
            }
        }
        type = kind.array
        self.bytes = bytes
    }
}

extension [PostgreSQLValue] {
    /// Sends them as the parameters of a prepared statement.
    ///
    /// - Returns: 1 if libpq accepted them.
    func send(toStatement name: String, of handle: OpaquePointer) -> CInt {
        var bytes: [CChar] = []
        bytes.reserveCapacity(reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        let starts = map { value in
            defer { bytes += (value.bytes ?? []).map { CChar(bitPattern: $0) } }
            return bytes.count
        }
        // An empty value needs an address, too: otherwise it would be NULL.
        bytes.append(0)
        let lengths = map { CInt(clamping: $0.bytes?.count ?? 0) }
        let formats = map { _ in 1 as CInt }
        return bytes.withUnsafeBufferPointer { buffer in
            let places = zip(self, starts).map { value, start in
                value.bytes == nil ? nil : buffer.baseAddress.map { $0 + start }
            }
            return PQsendQueryPrepared(handle, name, CInt(clamping: count), places, lengths, formats, 1)
        }
    }
}

extension FixedWidthInteger {
    /// The bytes in network order.
    fileprivate var wire: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
