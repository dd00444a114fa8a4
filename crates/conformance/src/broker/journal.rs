use std::sync::Arc;
use std::time::Duration;

use job::Timestamp;

use super::fixture::{expect_nothing, publish, take};
use ports::{Broker, Clock, Deliveries, Destination, JournalStart, Source, SystemClock};

const LINES: [&str; 5] = ["a", "b", "c", "d", "e"];

async fn read_from(broker: &Arc<dyn Broker>, start: JournalStart) -> Box<dyn Deliveries> {
    broker.consume(&Source::Journal(start), 10).await.unwrap()
}

/// Reads `count` lines; returns message ids and offsets.
async fn lines(deliveries: &mut Box<dyn Deliveries>, count: usize) -> Vec<(String, u64)> {
    let mut lines = Vec::new();
    for _ in 0..count {
        let line = take(deliveries).await;
        let offset = line.offset.expect("a journal line has an offset");
        lines.push((line.message.id.clone(), offset));
        line.ack().await.unwrap();
    }
    lines
}

pub async fn the_journal_keeps_its_order_and_is_read_again(broker: Arc<dyn Broker>) {
    publish(&broker, &Destination::Journal, &LINES).await;
    let first = lines(&mut read_from(&broker, JournalStart::First).await, 5).await;
    let ids: Vec<&str> = first.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, LINES);
    assert!(first.windows(2).all(|pair| pair[0].1 < pair[1].1), "offsets rise: {first:?}");
    let mut again = read_from(&broker, JournalStart::First).await;
    assert_eq!(lines(&mut again, 5).await, first);
    publish(&broker, &Destination::Journal, &["f"]).await;
    assert_eq!(lines(&mut again, 1).await[0].0, "f");
    expect_nothing(&mut again).await;
}

pub async fn the_journal_is_read_from_an_offset(broker: Arc<dyn Broker>) {
    publish(&broker, &Destination::Journal, &LINES).await;
    let all = lines(&mut read_from(&broker, JournalStart::First).await, 5).await;
    for (index, (_, offset)) in all.iter().enumerate() {
        let mut tail = read_from(&broker, JournalStart::Offset(*offset)).await;
        assert_eq!(lines(&mut tail, 5 - index).await, all[index..]);
    }
    let mut ahead = read_from(&broker, JournalStart::Offset(all[4].1 + 1)).await;
    publish(&broker, &Destination::Journal, &["f"]).await;
    assert_eq!(lines(&mut ahead, 1).await[0].0, "f");
}

/// Each store has its own clock: an hour is more than they differ.
pub async fn the_journal_is_read_from_a_moment(broker: Arc<dyn Broker>) {
    publish(&broker, &Destination::Journal, &LINES).await;
    let (now, hour) = (SystemClock.now(), Duration::from_secs(3600));
    let ago = Timestamp::from_millis(now.as_millis() - 3_600_000);
    let mut all = read_from(&broker, JournalStart::Since(ago)).await;
    let read = lines(&mut all, 5).await;
    assert_eq!(read.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), LINES);
    let mut ahead = read_from(&broker, JournalStart::Since(now + hour)).await;
    publish(&broker, &Destination::Journal, &["f"]).await;
    assert_eq!(lines(&mut ahead, 1).await[0].0, "f");
}

pub async fn the_end_of_the_journal_is_what_comes_next(broker: Arc<dyn Broker>) {
    publish(&broker, &Destination::Journal, &["before"]).await;
    let mut deliveries = read_from(&broker, JournalStart::End).await;
    publish(&broker, &Destination::Journal, &["after"]).await;
    assert_eq!(lines(&mut deliveries, 1).await[0].0, "after");
    expect_nothing(&mut deliveries).await;
}

/// A line is read, not removed: settling it only makes room for the next one.
pub async fn the_journal_reads_on_however_it_is_settled(broker: Arc<dyn Broker>) {
    publish(&broker, &Destination::Journal, &LINES).await;
    let source = Source::Journal(JournalStart::First);
    let mut deliveries = broker.consume(&source, 1).await.unwrap();
    for (index, id) in LINES.iter().enumerate() {
        let line = take(&mut deliveries).await;
        assert_eq!(line.message.id, *id);
        match index % 3 {
            0 => line.ack().await.unwrap(),
            1 => line.requeue().await.unwrap(),
            _ => drop(line),
        }
    }
    expect_nothing(&mut deliveries).await;
}
