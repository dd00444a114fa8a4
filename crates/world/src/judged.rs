//! The ports of the stores, observed by the judge.

use std::sync::Arc;

use async_trait::async_trait;
use ports::{
    Broker, BrokerLayer, Call, Created, Destination, Fence, Ledger, LedgerError, LedgerLayer,
    Message, Method, PublishError, Summary, Swapped, Write,
};

use crate::judge::Judge;

pub(crate) struct JudgedLedger {
    pub(crate) judge: Arc<Judge>,
    pub(crate) inner: Arc<dyn Ledger>,
}

type Answer<T> = Result<T, LedgerError>;

#[async_trait]
impl LedgerLayer for JudgedLedger {
    fn inner(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    fn wants_words(&self) -> bool {
        true
    }

    fn around<'a, T: Summary + Send + 'a>(
        &'a self,
        call: Call<'a>,
        calling: impl Future<Output = Answer<T>> + Send + 'a,
    ) -> impl Future<Output = Answer<T>> + Send + 'a {
        self.watched(call, calling)
    }

    async fn create(&self, fence: &Fence, write: Write) -> Answer<Created> {
        let creates = async {
            let settles = self.judge.intends(&write.record);
            let answer = self.inner.create(fence, write.clone()).await;
            if matches!(answer, Ok(Created::New)) {
                self.judge.written(fence, &write, settles);
            }
            answer
        };
        self.around(of_write(Method::Create, fence, &write), creates).await
    }

    async fn swap(&self, fence: &Fence, expected: u64, write: Write) -> Answer<Swapped> {
        let key = &write.record.key;
        let swaps = async {
            let settles = self.judge.intends(&write.record);
            let (there, moves) = (self.judge.version(key), self.judge.moves(&write.record));
            let finds = self.judge.finds(&write.record);
            let answer = self.inner.swap(fence, expected, write.clone()).await;
            if matches!(answer, Ok(Swapped::Done(_))) {
                self.judge.written(fence, &write, settles);
                self.judge.findings().moves += u64::from(moves);
                self.judge.findings().finds += u64::from(finds);
                if there != Some(expected) {
                    self.judge.accuse(format!("{key} was swapped over a version unseen"));
                }
            }
            answer
        };
        self.around(of_write(Method::Swap, fence, &write), swaps).await
    }
}

impl JudgedLedger {
    /// A call of a process without a valid lease must be refused.
    async fn watched<T>(
        &self,
        call: Call<'_>,
        calling: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        let might = call.fence.is_none_or(|fence| self.judge.may_write(fence));
        let answer = calling.await;
        if !might && is_refused_late(call.method) {
            self.judge.late(call.method.name(), &call.about, answer.is_err());
        }
        answer
    }
}

fn of_write<'a>(method: Method, fence: &'a Fence, write: &Write) -> Call<'a> {
    Call { about: write.record.key.to_string(), ..Call::of(method, Some(fence)) }
}

/// A late end changes nothing, and a turn only concerns the order.
fn is_refused_late(method: Method) -> bool {
    !matches!(method, Method::Leave | Method::TakeTurn | Method::EndTurn)
}

pub(crate) struct JudgedBroker {
    pub(crate) judge: Arc<Judge>,
    pub(crate) inner: Arc<dyn Broker>,
}

impl BrokerLayer for JudgedBroker {
    fn inner(&self) -> &dyn Broker {
        self.inner.as_ref()
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        self.judge.published(to, &message);
        self.inner.publish(to, message).await
    }
}
