//! `topology show|apply|export`.

use crate::harness::{Backend, Environment};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_shown_applied_and_then_there() {
    let environment = Environment::on(Backend::Rabbitmq);
    let program = environment.program();
    let before = program.run(&["topology", "show", "--json"]).await.exits(1).lines();
    assert!(before.iter().any(|row| row["found"] == "missing"), "{before:?}");
    let applied = program.run(&["topology", "apply", "--json"]).await.exits(0).json();
    assert_eq!(applied["applied"], true);
    program.run(&["topology", "apply"]).await.exits(0);
    let after = program.run(&["topology", "show", "--json"]).await.exits(0).lines();
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|row| row["found"] != "missing"), "{after:?}");

    let export = program.run(&["topology", "export"]).await.exits(0).json();
    let names = |kind: &str| -> Vec<String> {
        let things = export[kind].as_array().expect("a list").iter();
        things.filter_map(|thing| thing["name"].as_str().map(str::to_owned)).collect()
    };
    for name in ["jobs.videos.normal", "later.30s", "dead", "journal", "unrouted"] {
        assert!(names("queues").contains(&format!("{}.{name}", environment.namespace)), "{name}");
    }
    assert!(names("exchanges").contains(&format!("{}.results", environment.namespace)));
    for thing in after.iter().filter_map(|row| row["thing"].as_str()) {
        assert!(thing.contains(&environment.namespace), "{thing} belongs to somebody else");
    }
}

/// A process that may not declare the topology reports what is missing and exits.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topology_is_named_when_it_may_not_be_made() {
    let environment = Environment::on(Backend::Rabbitmq);
    let mut program = environment.program();
    program.set("broker.manage_topology", "false");
    program.set("kling.api_key", "key");
    let done = program.run(&["worker"]).await.exits(78);
    assert!(done.stderr.contains("topology differs"), "{}", done.stderr);
    program.run(&["topology", "apply"]).await.exits(0);
    let submitted = program.run(&["submit", "videos/text2video", "--prompt", "x"]).await;
    submitted.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_backend_has_none() {
    let environment = Environment::on(Backend::Embedded);
    let done = environment.program().run(&["topology", "show"]).await.exits(2);
    assert!(done.stderr.contains("broker.url"), "{}", done.stderr);
}
