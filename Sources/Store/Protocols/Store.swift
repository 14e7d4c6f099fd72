/// A durable store: the queue of deliveries, the ledger of the findings that were sent to Security Hub, and what is
/// recorded about them.
///
/// A write is durable when its method returns and has no effect when it throws, with one exception: after
/// ``StoreError/Code/unavailable`` it may still turn out to have been committed. Canceling the task does not interrupt
/// a write. The store reads no clock: every `now` is passed by the caller.
package protocol Store: DeliveryQueue, FindingLedger, DispositionStore, SubscriptionStore, CatchUpStore,
    StatusStore, StoreMaintenance
{}
