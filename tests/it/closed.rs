//! Connections to the broker are closed in order: RabbitMQ logs a warning for each that is cut.

use serde_json::json;

use crate::harness::{Backend, Environment, Provider, redis_url};
use crate::own_servers::Rabbit;

/// The connections of this namespace, and of commands that look at the topology, that were cut.
fn cut(log: &str, namespace: &str) -> Vec<String> {
    let ours = [format!(" - {namespace} "), " - reelwork ".to_owned()];
    let lines: Vec<&str> = log.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[1].contains("unexpectedly closed"));
    let named = pairs.map(|pair| pair[0].to_owned());
    named.filter(|line| ours.iter().any(|name| line.contains(name))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_and_no_command_cuts_its_connections() {
    let rabbit = Rabbit::start().await;
    let environment = Environment::at(Backend::Rabbitmq, rabbit.url(), redis_url());
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    program.run(&["topology", "apply"]).await.exits(0);
    let mut roles = Vec::new();
    for role in ["worker", "poller", "up"] {
        roles.push(program.start_role(role, role).await);
    }
    let submit = ["submit", "videos/text2video", "--prompt", "x", "--key", "a", "--wait"];
    program.run(&submit).await.exits(0);
    program.run(&["dead", "list"]).await.exits(0);
    program.run(&["dead", "show", "none"]).await.exits(4);
    program.run(&["dead", "drop", "none", "--yes"]).await.exits(4);
    program.run(&["cancel", "none"]).await.exits(4);
    program.run(&["topology", "show"]).await.exits(0);
    program.run(&["doctor"]).await.exits(0);
    program.run(&["events", "--since", "1h", "--idle", "1s"]).await.exits(0);
    for mut role in roles {
        role.stop().await;
    }
    let log = rabbit.log();
    assert!(log.contains(&format!(" - {} publishing", environment.namespace)), "{log}");
    assert_eq!(cut(&log, &environment.namespace), [""; 0]);
}
