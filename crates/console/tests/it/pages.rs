//! What pages show.

use job::{Outcome, Output, OutputKind, State, Timestamp};
use reqwest::header::ACCEPT;

use crate::bench::{Answer, Bench};

#[tokio::test]
async fn what_others_wrote_is_text_and_no_page() {
    let bench = Bench::new().await;
    let name = "default/<img src=x onerror=alert(1)>\"'&";
    bench.failed(name).await;
    let list = bench.get("/console/jobs").await.body;
    assert!(list.contains("&lt;img src=x") && !list.contains("<img src=x"), "{list}");
    let start = list.find("/console/job?").unwrap();
    let address = list[start..].split('"').next().unwrap().replace("&amp;", "&");
    let page = bench.get(&address).await;
    assert_eq!(page.status, 200, "{address}");
    assert!(page.body.contains("&lt;script&gt;alert(1)") && !page.body.contains("<script>alert"));
    assert!(page.body.contains("&lt;b&gt;not allowed") && page.body.contains("change the prompt"));
    let none = bench.get("/console/search?name=%3Cscript%3E").await;
    assert!(none.status == 404 && !none.body.contains("<script>"), "{}", none.body);
}

#[tokio::test]
async fn a_list_has_filters_and_pages_in_its_address() {
    let bench = Bench::new().await;
    for n in 0..60 {
        bench.queued(&format!("default/n{n}")).await;
    }
    bench.failed("acme/f").await;
    let first = bench.get("/console/jobs").await.body;
    assert_eq!(first.matches("type=\"checkbox\" name=\"key\"").count(), 50);
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let second = bench.get(&next).await.body;
    assert_eq!(second.matches("name=\"key\"").count(), 11);
    assert!(!second.contains("rel=\"next\""));
    for (query, count) in [
        ("state=failed", 1),
        ("state=failed&state=queued&tenant=acme", 1),
        ("tenant=acme&state=queued", 0),
        ("error=moderation", 1),
        ("error=other", 0),
        ("operation=images/generations", 0),
        ("since=2999-01-01T00:00:00Z", 0),
        ("state=&tenant=&since=", 50),
    ] {
        let page = bench.get(&format!("/console/jobs?{query}")).await.body;
        assert_eq!(page.matches("name=\"key\"").count(), count, "{query}");
    }
    for query in ["state=new", "since=soon", "after=x", "tenant=a/b"] {
        assert_eq!(bench.get(&format!("/console/jobs?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_job_is_found_by_its_names() {
    let bench = Bench::new().await;
    bench.queued("default/a b").await;
    bench.queued("acme/x").await;
    for (name, to) in [
        ("a+b", "/console/job?tenant=default&id=a+b"),
        ("default/a+b", "/console/job?tenant=default&id=a+b"),
        ("+acme/x+", "/console/job?tenant=acme&id=x"),
    ] {
        let answer = bench.get(&format!("/console/search?name={name}")).await;
        assert_eq!((answer.status, answer.header("location")), (303, to), "{name}");
    }
    for name in ["x", "acme/", "", "7"] {
        assert_eq!(bench.get(&format!("/console/search?name={name}")).await.status, 404, "{name}");
    }
    assert_eq!(bench.get("/console/job?tenant=default&id=none").await.status, 404);
    assert_eq!(bench.get("/console/job?id=none").await.status, 400);
}

#[tokio::test]
async fn results_are_shown_as_what_they_are() {
    let bench = Bench::new().await;
    let output = |(kind, url): (OutputKind, &str)| Output {
        kind,
        id: None,
        url: url.to_owned(),
        wav_url: Some("https://x/s.wav".to_owned()),
        watermark_url: None,
        duration: None,
        expires_at: None,
    };
    let files = [
        (OutputKind::Video, "https://x/v.mp4"),
        (OutputKind::Audio, "https://x/s.mp3"),
        (OutputKind::Image, "http://x/p.png"),
        (OutputKind::Image, "javascript:alert(1)"),
    ];
    let outputs = files.into_iter().map(output).collect();
    let state = State::Settled { outcome: Outcome::succeeded(outputs), at: Timestamp::EPOCH };
    bench.has("default/a", state).await;
    let page = bench.get("/console/job?tenant=default&id=a").await.body;
    for (tag, count) in
        [("<video", 1), ("<audio", 1), ("<img", 1), ("Open the file", 3), ("As WAV", 4)]
    {
        assert_eq!(page.matches(tag).count(), count, "{tag}");
    }
    assert!(!page.contains("href=\"javascript"));
}

#[tokio::test]
async fn a_page_is_sent_again_when_it_has_changed() {
    let bench = Bench::new().await;
    let request = bench.http.get(bench.url("/console/jobs")).header(ACCEPT, "text/event-stream");
    let mut events = request.send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let first = next(&mut events).await;
    assert!(first.contains("No job is like this") && !first.contains("<html"), "{first}");
    bench.queued("default/a").await;
    let second = next(&mut events).await;
    assert!(second.contains("default/a"), "{second}");
    bench.console.drain();
    let rest = tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while events.chunk().await.unwrap().is_some() {}
    });
    assert!(rest.await.is_ok(), "nobody keeps a console that is drained");
}

/// An event, without the lines that only keep the connection.
async fn next(events: &mut reqwest::Response) -> String {
    loop {
        let chunk = events.chunk().await.unwrap().expect("an event");
        let text = String::from_utf8_lossy(&chunk).into_owned();
        if text.contains("data:") {
            return text;
        }
    }
}

#[tokio::test]
async fn only_so_many_pages_are_kept_up_to_date() {
    let bench = Bench::new().await;
    let mut open = Vec::new();
    for _ in 0..64 {
        let request = bench.http.get(bench.url("/console/costs"));
        let request = request.header(ACCEPT, "text/event-stream");
        let answer = tokio::time::timeout(std::time::Duration::from_secs(10), request.send()).await;
        open.push(answer.unwrap().unwrap());
    }
    let request = bench.http.get(bench.url("/console/costs")).header(ACCEPT, "text/event-stream");
    assert_eq!(Answer::of(request).await.status, 503);
    assert_eq!(bench.get("/console/costs").await.status, 200, "the page itself is served");
}
