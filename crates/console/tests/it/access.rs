//! Who may see the console, and who may act.

use std::time::Duration;

use api_keys::Scope;
use reqwest::header::COOKIE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bench::{Answer, Bench, key};

const PAGES: [&str; 10] = [
    "/console",
    "/console/jobs",
    "/console/job?tenant=default&id=a",
    "/console/search?name=a",
    "/console/dead",
    "/console/doubt",
    "/console/pauses",
    "/console/costs",
    "/console/configuration",
    "/console/nothing",
];

const ACTIONS: [(&str, &str); 9] = [
    ("/console/jobs/confirm", "do=cancel&key=default/a"),
    ("/console/jobs/done", "do=cancel&key=default/a"),
    ("/console/job/cancel", "tenant=default&id=a"),
    ("/console/job/retry", "tenant=default&id=a&round=1"),
    ("/console/dead/confirm", "do=drop_all"),
    ("/console/dead/done", "do=drop&letters=x"),
    ("/console/doubt", "job=default/a&do=resubmit"),
    ("/console/pauses", "account=default&kind=account&reason=x"),
    ("/console/pauses/resume", "account=default&scope=account"),
];

fn cookie(shown: &str) -> String {
    format!("other=1; reelwork_key={shown}")
}

async fn get_with(bench: &Bench, path: &str, cookie: &str) -> Answer {
    Answer::of(bench.http.get(bench.url(path)).header(COOKIE, cookie)).await
}

async fn post_with(bench: &Bench, (path, form): (&str, &str), cookie: &str) -> Answer {
    Answer::of(bench.form(path, form).header(COOKIE, cookie)).await
}

#[tokio::test]
async fn without_a_key_nothing_is_seen_and_nothing_is_done() {
    let (own, shown) = key(&[Scope::Operate]);
    let bench = Bench::keyed(&[&own]).await;
    bench.queued("default/a").await;
    let (path, id) = (&shown[..shown.len() - 1], "x");
    for cookie in ["other=1".to_owned(), cookie("").replace("reelwork_key=", "key=")] {
        for page in PAGES.iter().filter(|page| !page.ends_with("nothing")) {
            let answer = get_with(&bench, page, &cookie).await;
            assert_eq!(
                (answer.status, answer.header("location")),
                (303, "/console/login"),
                "{page}"
            );
        }
        for action in ACTIONS {
            assert_eq!(post_with(&bench, action, &cookie).await.status, 303, "{action:?}");
        }
    }
    for wrong in [path, id, ""] {
        let answer = get_with(&bench, "/console/jobs", &cookie(wrong)).await;
        assert_eq!(answer.status, 401, "{wrong:?}");
        assert!(wrong.len() < 2 || !answer.body.contains(wrong), "the key is not shown");
    }
    assert_eq!(bench.state("default/a").await, "queued");
}

#[tokio::test]
async fn a_viewer_sees_all_and_changes_nothing() {
    let (viewer, shown) = key(&[Scope::View]);
    let bench = Bench::keyed(&[&viewer]).await;
    bench.queued("default/a").await;
    for page in PAGES.iter().filter(|page| !page.contains("search")) {
        let answer = get_with(&bench, page, &cookie(&shown)).await;
        let expected = if page.ends_with("nothing") { 404 } else { 200 };
        assert_eq!(answer.status, expected, "{page}");
        let acts = answer.body.matches("method=\"post\"").count();
        let logs_out = answer.body.matches("/console/logout").count();
        let only_list = usize::from(answer.body.contains("action=\"/console/jobs/confirm\""));
        assert_eq!(acts, logs_out + only_list, "{page} offers no action");
    }
    for action in ACTIONS {
        let answer = post_with(&bench, action, &cookie(&shown)).await;
        assert_eq!(answer.status, 403, "{action:?}");
        assert!(answer.body.contains("scope operate"));
    }
    assert_eq!(bench.state("default/a").await, "queued");
}

#[tokio::test]
async fn a_key_of_a_client_is_none_of_the_console() {
    let (client, shown) = key(&Scope::OF_TENANT);
    let bench = Bench::keyed(&[&client]).await;
    assert_eq!(get_with(&bench, "/console/jobs", &cookie(&shown)).await.status, 403);
    assert_eq!(bench.post("/console/login", &format!("key={shown}")).await.status, 403);
}

#[tokio::test]
async fn an_operator_logs_in_acts_and_logs_out() {
    let (operator, shown) = key(&[Scope::Operate]);
    let bench = Bench::keyed(&[&operator]).await;
    bench.queued("default/a").await;
    assert_eq!(bench.get("/console/login").await.status, 200);
    assert_eq!(bench.post("/console/login", "key=wrong").await.status, 401);
    let answer = bench.post("/console/login", &format!("key=+{shown}+")).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/jobs"));
    let set = answer.header("set-cookie");
    assert!(set.contains("HttpOnly; SameSite=Strict; Path=/console"), "{set}");
    assert!(!set.contains("Secure"), "the connection is not encrypted");
    let encrypted = bench.form("/console/login", &format!("key={shown}"));
    let encrypted = Answer::of(encrypted.header("x-forwarded-proto", "https")).await;
    assert!(encrypted.header("set-cookie").ends_with("; Secure"));
    let cookie = set.split(';').next().unwrap();
    let page = get_with(&bench, "/console/job?tenant=default&id=a", cookie).await;
    assert!(page.body.contains("Log out") && !page.body.contains(&shown));
    let done = post_with(&bench, ACTIONS[2], cookie).await;
    assert_eq!((done.status, bench.state("default/a").await), (303, "cancelled"));
    let out = post_with(&bench, ("/console/logout", ""), cookie).await;
    assert!(out.header("set-cookie").contains("reelwork_key=;"), "it is forgotten");
}

#[tokio::test]
async fn a_form_that_never_ends_holds_nobody() {
    let bench = Bench::new().await;
    let mut slow = TcpStream::connect(bench.address()).await.unwrap();
    let head = "POST /console/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\nkey=";
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = slow.read_exact(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn no_other_site_acts_for_an_operator() {
    let bench = Bench::new().await;
    bench.queued("default/a").await;
    for action in ACTIONS.into_iter().chain([("/console/login", "key=x"), ("/console/logout", "")])
    {
        let (path, form) = action;
        for site in ["cross-site", "same-site", "x"] {
            let request = bench.http.post(bench.url(path)).body(form);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let answer = Answer::of(request.header("sec-fetch-site", site)).await;
            assert_eq!(answer.status, 403, "{path} from {site}");
        }
        let foreign = bench.http.post(bench.url(path)).body(form);
        let foreign = foreign.header("content-type", "application/x-www-form-urlencoded");
        let answer = Answer::of(foreign.header("origin", "https://evil.example")).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(bench.state("default/a").await, "queued");
}

#[tokio::test]
async fn without_keys_only_browsers_here_are_served() {
    let bench = Bench::new().await;
    for (name, value) in
        [("host", "evil.example"), ("x-forwarded-for", "1.2.3.4"), ("via", "1.1 a")]
    {
        for page in PAGES.iter().filter(|page| !page.ends_with("nothing")) {
            let answer = Answer::of(bench.http.get(bench.url(page)).header(name, value)).await;
            assert_eq!(answer.status, 403, "{page} with {name}");
        }
        let action = bench.form(ACTIONS[2].0, ACTIONS[2].1).header(name, value);
        assert_eq!(Answer::of(action).await.status, 403, "{name}");
    }
}

#[tokio::test]
async fn every_answer_protects_its_visitor() {
    let bench = Bench::new().await;
    for page in PAGES.into_iter().chain(["/console/login", "/console/assets/console.js"]) {
        let answer = bench.get(page).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{page}");
        assert!(policy.contains("frame-ancestors 'none'"), "{page}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        let cached = answer.header("cache-control");
        assert_eq!(cached == "no-store", !page.contains("assets"), "{page}: {cached}");
        for inline in [" style=", "<style", " onclick", "javascript:"] {
            assert!(page.contains("assets") || !answer.body.contains(inline), "{page}: {inline}");
        }
    }
}
