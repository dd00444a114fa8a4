//! The ports: traits for the broker, the ledger and the clock.
//!
//! Each has two implementations: RabbitMQ and Redis for production, one SQLite file for a laptop.
//! All pass the suite in `conformance`; where a doc comment here and the suite disagree, the suite
//! is wrong.

mod barrier;
mod broker;
mod broker_error;
mod clock;
mod delivery;
mod fit;
mod handling;
mod layer;
mod ledger;
mod message;
mod permit;
mod republish;
mod spending;
mod topic;
mod unreadable;
mod waiter;
mod witness;

pub use barrier::{Barrier, JOURNAL_BARRIER, JOURNAL_GENERATION};
pub use broker::{Broker, Deliveries, JournalStart, Source, Subscription};
pub use broker_error::{BrokerError, PublishError};
pub use clock::{Clock, SystemClock};
pub use delivery::{Delivery, Settle};
pub use fit::MOST_HEADER_BYTES;
pub use handling::Handling;
pub use layer::{BrokerLayer, Call, LedgerLayer, Method, Summary};
pub use ledger::{
    Acceptances, AccountTask, Accounts, Activity, Allowances, Claimed, Created, Cursor, Due,
    ENDED_KEPT, ENDED_SLOT, Ended, Fence, Following, Generation, Ledger, LedgerError, ListFilter,
    MOST_MANUAL_PAUSES, MOST_PROPOSALS, MOST_SPENDERS, ManualPauses, Members, NamedPause,
    OutboxEntry, OutboxId, Page, Pause, Permits, PoolSlots, Records, SPENDING_DAYS,
    SPENDING_MONTH_DAYS, SlotLimits, Spending, Standing, Stored, Swapped, TASK_SLACK, WaitingRoom,
    Walk, Write,
};
pub use message::{Destination, Message, header};
pub use permit::{HeldPermit, Limits, Permit, PermitReturn, Permitted, Usage};
pub use spending::{HeldReservation, Reservation, Reserved, Settlement, Spender, Spent, SpentBy};
pub use topic::topic_matches;
pub use unreadable::Unreadable;
pub use waiter::{GrantTerms, Granted, Left, Place, TenantTerms, TenantWaiting, Waiter};
pub use witness::Witness;
