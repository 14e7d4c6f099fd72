import Planning
package import Store

/// Processes several deliveries at once under the lease of the first: their findings share requests.
package protocol BatchProcessor: DeliveryProcessor {
    /// What a delivery reports.
    associatedtype Input: Sendable

    /// Stores the outcomes of deliveries.
    var completer: DeliveryCompleter { get }

    /// Imports and updates findings.
    ///
    /// - Returns: the outcomes of the deliveries, in order.
    func send(
        _ items: [(leased: LeasedDelivery, input: Input)], under lease: Lease
    ) async throws(StoreError) -> [DeliveryOutcome]

    /// What a delivery is about.
    func subject(of input: Input) -> DeliverySubject
}

extension BatchProcessor {
    /// Updates findings under the lease of the first delivery. If that lease is lost, the others continue without it.
    func update(_ items: [(leased: LeasedDelivery, input: Input)]) async {
        var items = items
        while let (first, _) = items.first {
            do throws(StoreError) {
                return await completer.finish(try await send(items, under: first.lease))
            } catch  where error.code == .leaseLost {
                completer.leaseLost(first)
                items = await withValidLease(Array(items.dropFirst()))
            } catch  where error.code == .invalidValue && items.count > 1 {
                // The store rejects the whole batch for one value: splitting isolates it, and the others are stored.
                let middle = items.count / 2
                await update(Array(items[..<middle]))
                return await update(Array(items[middle...]))
            } catch {
                return await completer.finish(
                    items.map { DeliveryOutcome($0.leased, about: subject(of: $0.input), SendOutcome(error)) })
            }
        }
    }

    /// Returns the deliveries whose leases are still valid.
    private func withValidLease(
        _ items: [(leased: LeasedDelivery, input: Input)]
    ) async -> [(leased: LeasedDelivery, input: Input)] {
        let isHeld = await completer.extendLeases(of: items.map(\.leased))
        return zip(items, isHeld).filter(\.1).map(\.0)
    }
}
