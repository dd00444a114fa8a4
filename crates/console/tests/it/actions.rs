//! What operators do in the console.

use job::{Doubt, State, Timestamp};
use ports::ListFilter;

use crate::bench::Bench;

async fn count(bench: &Bench, state: job::StateKind) -> usize {
    bench.ledger.list(&ListFilter::of_states(&[state], 1000)).await.unwrap().len()
}

#[tokio::test]
async fn a_job_is_cancelled_once() {
    let bench = Bench::new().await;
    bench.queued("default/a").await;
    let page = bench.get("/console/job?tenant=default&id=a").await.body;
    assert!(page.contains("/console/job/cancel") && !page.contains("/console/job/retry"));
    let done = bench.post("/console/job/cancel", "tenant=default&id=a").await;
    assert_eq!((done.status, bench.state("default/a").await), (303, "cancelled"));
    let again = bench.post("/console/job/cancel", "tenant=default&id=a").await;
    assert_eq!(again.status, 409, "{}", again.body);
}

#[tokio::test]
async fn a_failed_job_is_retried_once_in_the_round_that_was_seen() {
    let bench = Bench::new().await;
    bench.failed("default/a").await;
    let page = bench.get("/console/job?tenant=default&id=a").await.body;
    assert!(page.contains("/console/job/retry") && page.contains("charges for again"), "{page}");
    for body in ["tenant=default&id=a", "tenant=default&id=a&round=x"] {
        assert_eq!(bench.post("/console/job/retry", body).await.status, 400, "{body}");
    }
    let form = "tenant=default&id=a&round=1";
    assert_eq!(bench.post("/console/job/retry", form).await.status, 303);
    assert_eq!(bench.post("/console/job/retry", form).await.status, 409);
    let record = bench.record("default/a").await.unwrap();
    assert_eq!((record.round, record.state.word()), (2, "queued"));
    let later = bench.post("/console/job/retry", "tenant=default&id=a&round=2").await;
    assert_eq!(later.status, 409, "it has not ended");
}

#[tokio::test]
async fn many_are_counted_and_then_cancelled() {
    let bench = Bench::new().await;
    for n in 0..70 {
        bench.queued(&format!("acme/n{n}")).await;
    }
    bench.queued("default/other").await;
    bench.failed("acme/f").await;
    let question = bench.post("/console/jobs/confirm", "do=cancel_all&tenant=acme").await;
    assert_eq!(question.status, 200);
    assert!(question.body.contains("70 jobs") && question.body.contains("Yes, cancel 70"));
    assert_eq!(count(&bench, job::StateKind::Cancelled).await, 0, "nothing is changed");
    // One that comes after the count is left alone.
    let form = hidden(&question.body);
    let since =
        Timestamp::parse(form.split("counted_at=").nth(1).unwrap().split('&').next().unwrap());
    while since.is_some_and(|since| bench_now() <= since) {
        tokio::task::yield_now().await;
    }
    bench.queued("acme/late").await;
    let done = bench.post("/console/jobs/done", &form).await;
    assert!(done.body.contains("70 cancelled"), "{}", done.body);
    assert_eq!(count(&bench, job::StateKind::Cancelled).await, 70);
    assert_eq!(bench.state("acme/late").await, "queued");
    assert_eq!(bench.state("default/other").await, "queued");
}

#[tokio::test]
async fn what_the_filters_leave_out_is_not_cancelled() {
    let bench = Bench::new().await;
    bench.queued("default/a").await;
    bench.failed("default/f").await;
    for states in ["state=failed", "state=failed&state=succeeded", "state=waiting"] {
        let form = format!("do=cancel_all&{states}");
        let question = bench.post("/console/jobs/confirm", &form).await;
        assert!(question.body.contains("0 jobs") && !question.body.contains("Yes, cancel"));
        bench.post("/console/jobs/done", &form).await;
        assert_eq!(bench.state("default/a").await, "queued", "{states}");
    }
    let question = bench.post("/console/jobs/confirm", "do=cancel_all&state=queued").await;
    assert!(question.body.contains("Yes, cancel 1"), "{}", question.body);
}

fn bench_now() -> Timestamp {
    use ports::Clock;
    ports::SystemClock.now()
}

/// The hidden fields of a page's form, as its browser sends them.
pub(crate) fn hidden(page: &str) -> String {
    let fields = page.split("<input type=\"hidden\" name=\"").skip(1);
    let pair = |field: &str| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        let value = rest.split('"').next().unwrap().replace("&amp;", "&");
        format!("{name}={}", value.replace('+', "%2B").replace(' ', "+"))
    };
    fields.map(pair).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn selected_jobs_are_retried_for_an_estimate() {
    let bench = Bench::new().await;
    bench.failed("default/a").await;
    bench.failed("acme/b").await;
    bench.queued("default/c").await;
    let selected = "do=retry&key=default/a&key=acme/b&key=default/c";
    let question = bench.post("/console/jobs/confirm", selected).await;
    assert!(question.body.contains("2 jobs would begin a new round"), "{}", question.body);
    assert!(question.body.contains("about $0.28") && question.body.contains("1 others may not"));
    let form = hidden(&question.body);
    let done = bench.post("/console/jobs/done", &form).await;
    assert!(done.body.contains("default/c: it has not ended"), "{}", done.body);
    for name in ["default/a", "acme/b"] {
        assert_eq!(bench.record(name).await.unwrap().round, 2, "{name}");
    }
    bench.post("/console/jobs/done", &form).await;
    assert_eq!(bench.record("default/a").await.unwrap().round, 2, "a repeat begins no other round");
    let none = bench.post("/console/jobs/confirm", "do=retry_all&state=queued").await;
    assert!(none.body.contains("0 jobs") && !none.body.contains("Yes, retry"), "{}", none.body);
    assert_eq!(bench.post("/console/jobs/done", "do=burn").await.status, 400);
}

#[tokio::test]
async fn submissions_are_paused_and_resumed() {
    let bench = Bench::new().await;
    let form = "account=default&kind=tenant&name=acme&reason=costs";
    assert_eq!(bench.post("/console/pauses", form).await.status, 303);
    let page = bench.get("/console/pauses").await.body;
    assert!(page.contains("tenant acme") && page.contains("costs") && page.contains("local"));
    for wrong in [
        "account=other&kind=account&reason=x",
        "account=default&kind=planet&name=x&reason=x",
        "account=default&kind=pool&name=x&reason=x",
        "account=default&kind=account&reason=x&until=soon",
    ] {
        assert_eq!(bench.post("/console/pauses", wrong).await.status, 400, "{wrong}");
    }
    for wrong in ["kind=account&reason=", "kind=operation&name=x/y&reason=x"] {
        let form = format!("account=default&{wrong}");
        assert_eq!(bench.post("/console/pauses", &form).await.status, 409, "{wrong}");
    }
    let resume = "account=default&scope=tenant+acme";
    assert_eq!(bench.post("/console/pauses/resume", resume).await.status, 303);
    assert_eq!(bench.post("/console/pauses/resume", resume).await.status, 409);
    assert!(bench.get("/console/pauses").await.body.contains("Nothing is paused"));
}

#[tokio::test]
async fn a_doubt_is_shown_and_settled() {
    let bench = Bench::new().await;
    let at = Timestamp::EPOCH;
    for name in ["default/a", "default/b", "default/c"] {
        let doubt = Doubt::begun(at, "the answer was lost".into(), at);
        bench.has(name, State::Parked { why: "x".into(), doubt: Some(doubt), at }).await;
    }
    let page = bench.get("/console/doubt").await.body;
    assert_eq!(page.matches("the answer was lost").count(), 3, "{page}");
    for wrong in ["do=fail&why=+", "do=attach&task=", "do=x", ""] {
        let answer = bench.post("/console/doubt", &format!("job=default/a&{wrong}")).await;
        assert!([400, 409].contains(&answer.status), "{wrong}: {}", answer.status);
    }
    for (form, state) in [
        ("job=default/a&do=fail&why=gone", "failed"),
        ("job=default/b&do=attach&task=7", "pending"),
        ("job=default/c&do=resubmit", "queued"),
    ] {
        let answer = bench.post("/console/doubt", form).await;
        assert_eq!(answer.status, 303, "{form}: {}", answer.body);
        let name = &form[4..13];
        assert_eq!(bench.state(name).await, state, "{form}");
        assert_eq!(bench.post("/console/doubt", form).await.status, 409, "{form} again");
    }
}
