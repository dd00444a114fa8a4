use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use job::{
    CALLBACK_PATH, CallbackSigner, CallbackTo, Record, Resource, RoomBounds, Rules, SlotRange,
    Tenant,
};
use ports::{GrantTerms, Limits, TenantTerms};
use prices::PriceTable;
use spans::Spans;
use validation::Slots;

use crate::budget::Budget;

/// What a worker needs besides its ports.
#[derive(Clone, Debug)]
pub struct Settings {
    pub rules: Rules,
    /// The provider account, pinned into every record.
    pub account: String,
    /// The most that are used.
    pub slots: Slots,
    /// Before the provider has refused any; 0 = the most.
    pub first_slots: Slots,
    /// While the provider refuses more; at least 1.
    pub fewest_slots: u32,
    /// Of each pool. Beyond them jobs wait in the broker.
    pub room: RoomBounds,
    /// For tenants that are not in `tenants`.
    pub tenant: TenantTerms,
    pub tenants: BTreeMap<Tenant, TenantTerms>,
    /// Submissions per UTC day over all workers; 0 = no limit.
    pub submissions_per_day: u64,
    /// Submissions a minute over all workers; 0 = no limit.
    pub per_minute: u32,
    /// A POST that takes longer is in doubt.
    pub post_timeout: Duration,
    /// Deliveries taken ahead per lane.
    pub prefetch: u16,
    /// Deliveries worked on at once, over all lanes.
    pub in_progress: usize,
    /// A message delivered more often than this is parked, long before the broker drops it.
    pub max_deliveries: u32,
    /// How wrong a producer's clock may be. Publish times within it are no evidence.
    pub producer_skew: Duration,
    /// How long an account is paused after the provider refused it.
    pub account_rest: Duration,
    /// Where the provider sends callbacks; `None`: it sends none.
    pub callback: Option<Callback>,
    pub spans: Spans,
    /// By which jobs are estimated.
    pub prices: Arc<PriceTable>,
    /// What may be spent. `None`: nothing is reserved in the ledger.
    pub budget: Option<Budget>,
}

/// One account at the provider. What concerns the whole worker is taken from the first account's
/// settings.
#[derive(Clone, Debug)]
pub struct Account {
    pub kling: kling::Client,
    pub settings: Settings,
}

/// The gateway, as the provider sees it.
#[derive(Clone, Debug)]
pub struct Callback {
    /// Without [`CALLBACK_PATH`]; a slash may end it.
    pub url: String,
    pub signer: CallbackSigner,
}

impl Callback {
    /// The address for this round of a job.
    pub fn address(&self, record: &Record) -> String {
        let to = CallbackTo { key: record.key.clone(), round: record.round };
        let base = self.url.trim_end_matches('/');
        format!("{base}{CALLBACK_PATH}{}", self.signer.sign(&to))
    }
}

impl Settings {
    /// The terms on which jobs get slots.
    pub fn terms(&self, resource: Resource) -> GrantTerms {
        let (default, tenants) = (self.tenant, self.tenants.clone());
        let concurrency = self.slots.of(resource);
        let (begin, submissions_per_day) =
            (self.first_slots.of(resource), self.submissions_per_day);
        let limits =
            Limits { concurrency, begin, submissions_per_day, per_minute: self.per_minute };
        GrantTerms { limits, default, tenants, ..GrantTerms::default() }
    }

    /// Within what the slots of this resource are found; `None` for those without a limit.
    pub(crate) fn slot_range(&self, resource: Resource) -> Option<SlotRange> {
        let (ceiling, first) = (self.slots.of(resource), self.first_slots.of(resource));
        let range = SlotRange::up_to(ceiling, self.fewest_slots);
        let begin = if first == 0 { ceiling } else { first };
        (ceiling > 0).then_some(SlotRange { begin, ..range })
    }

    /// How many jobs may wait for slots of this resource.
    pub(crate) fn room(&self, resource: Resource) -> RoomBounds {
        self.room.at_least(self.slots.of(resource).max(self.tenant.concurrency))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            account: "default".to_owned(),
            slots: Slots { videos: 5, images: 9, audio: 5 },
            first_slots: Slots::default(),
            fewest_slots: 1,
            room: RoomBounds { pool: 20_000, tenant: 1_000 },
            tenant: TenantTerms::default(),
            tenants: BTreeMap::new(),
            submissions_per_day: 0,
            per_minute: 0,
            post_timeout: Duration::from_secs(60),
            prefetch: 64,
            in_progress: 256,
            max_deliveries: 20,
            producer_skew: Duration::from_secs(300),
            account_rest: Duration::from_secs(60),
            callback: None,
            spans: Spans::default(),
            prices: PriceTable::shipped(),
            budget: None,
        }
    }
}
