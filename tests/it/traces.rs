//! The traces of a job, as a collector receives them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use job::EventKind;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};

use crate::examples::example;
use crate::harness::{
    Backend, Collector, Consumer, Environment, Process, Program, Provider, Python, Span, Wish,
    drawing, lines, say, soon, until,
};

const KEY: &str = "canary-of-the-provider-0771";
const PROMPT: &str = "canary of a prompt";

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn prompt(id: &str) -> String {
    json!({"prompt": format!("{PROMPT} [job:{id}]"), "model_name": "kling-v2-master"}).to_string()
}

/// A Python program of the examples that exports to this collector.
fn python(
    environment: &Environment,
    collector: &Collector,
    name: &str,
    arguments: &[&str],
) -> Process {
    let variables =
        [("OTEL_SERVICE_NAME", "shop"), ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str())];
    let script = example("traced").join(name);
    let arguments = [&[environment.amqp.as_str()], arguments].concat();
    Python::play_with(environment, &script, &arguments, "", &variables)
}

/// When a role has ended, all its spans have been sent.
async fn stop(roles: impl IntoIterator<Item = Process>) {
    for mut role in roles {
        role.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_traced_from_a_python_producer_to_a_python_consumer() {
    let environment = Environment::on(Backend::Rabbitmq);
    let (provider, collector) = (Provider::here(json!({})).await, Collector::here().await);
    let mut program = environment.program_for(&provider);
    program.set("kling.api_key", KEY);
    program.set("telemetry.otlp_endpoint", &collector.url);
    let worker = program.start_role("worker", "worker").await;
    let poller = program.start_role("poller", "poller").await;

    let (jobs, results) =
        (format!("{}.jobs", environment.namespace), format!("{}.results", environment.namespace));
    let queue = format!("{}.results.billing", environment.namespace);
    let hearing = ["#", "--exchange", &results, "--queue", &queue, "--count", "1"];
    let mut consumer = python(&environment, &collector, "consumer.py", &hearing);
    until("the consumer is bound", async || consumer.stdout().starts_with("ready")).await;
    let request = prompt("order-1");
    let job = ["order-1", "videos/text2video", &request, "--exchange", &jobs];
    let mut producer = python(&environment, &collector, "producer.py", &job);
    for program in [&mut producer, &mut consumer] {
        let ended = program.ended(Duration::from_secs(30)).await;
        assert_eq!(ended, Some(0), "{}", program.stderr());
    }
    stop([worker, poller]).await;

    let spans = collector.spans();
    let drawn = drawing(&spans).replace(&environment.namespace, "reelwork");
    say(&drawn);
    let paper = include_str!("../../deploy/README.md");
    assert!(paper.contains(&drawn), "deploy/README.md draws it otherwise");
    four_traces(&spans);
    as_the_conventions_have_it(&spans);
    for secret in [KEY, PROMPT] {
        assert!(!format!("{spans:?}").contains(secret), "{secret}");
    }
}

/// Producer, worker, poller and consumer: no trace waits for the end of another.
fn four_traces(spans: &[Span]) {
    let of_job = spans.iter().filter(|span| span.attributes.contains_key("job.id"));
    let of_job: Vec<_> = of_job.collect();
    let services: Vec<_> = of_job.iter().map(|span| span.service()).collect();
    assert_eq!(services, ["shop", "reelwork-worker", "reelwork-poller", "shop"]);
    for pair in of_job.windows(2) {
        assert_ne!(pair[0].trace, pair[1].trace);
    }
    let worker = &of_job[1];
    let resource = |name: &str| worker.resource.get(name).cloned().unwrap_or_default();
    assert_eq!(resource("service.version"), env!("CARGO_PKG_VERSION"));
    assert!(!resource("service.instance.id").is_empty());
    assert_ne!(worker.resource, of_job[2].resource, "another process");
}

fn as_the_conventions_have_it(spans: &[Span]) {
    let submit = find(spans, "generate_content kling-v2-master");
    let told = |name: &str| submit.attributes.get(name).map(String::as_str);
    assert_eq!(told("gen_ai.operation.name"), Some("generate_content"));
    assert_eq!(told("gen_ai.provider.name"), Some("kling"));
    assert_eq!(told("gen_ai.output.type"), Some("video"));
    assert_eq!(told("gen_ai.request.model"), Some("kling-v2-master"));
    let task = told("gen_ai.response.id").expect("a task");
    let posted = spans.iter().find(|span| span.parent == submit.id).expect("a request");
    assert_eq!((posted.name.as_str(), posted.kind), ("POST", SpanKind::Client));
    assert_eq!(posted.attributes["http.response.status_code"], "200");
    assert!(posted.attributes["url.full"].ends_with("/kling/v1/videos/text2video"));
    let completed = find(spans, "complete task");
    assert_eq!(completed.attributes["kling.task.id"], task);
    let processed = spans.iter().find(|span| span.service() == "reelwork-worker" && span.is_root());
    let processed = processed.expect("a delivery");
    assert_eq!(processed.attributes["messaging.system"], "rabbitmq");
    assert_eq!(processed.attributes["messaging.operation.type"], "process");
    assert_eq!(processed.attributes["kling.task.id"], task);
    // Every span has its parent, and no client call is a root.
    for span in spans.iter().filter(|span| !span.is_root()) {
        assert!(spans.iter().any(|other| other.id == span.parent), "{span:?}");
    }
    for span in spans.iter().filter(|span| span.is_root()) {
        assert_ne!(span.kind, SpanKind::Client, "{span:?}");
    }
}

fn find<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name}: {spans:#?}"))
}

/// One job on a program of both roles, published with this header; the spans once it has ended.
async fn spans_of(
    environment: &Environment,
    program: &Program,
    collector: &Collector,
    flags: &str,
) -> Vec<Span> {
    let up = program.start_role("up", "up").await;
    let consumer = Consumer::subscribed(environment).await;
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-{flags}");
    let exchange = format!("{}.jobs", environment.namespace);
    let request = prompt("one");
    let job = [environment.amqp.as_str(), "one", "videos/text2video", &request];
    let options = ["--exchange", &exchange, "--traceparent", &traceparent];
    let arguments = [&job[..], &options[..]].concat();
    let mut producer = Python::play(environment, &example("python/producer.py"), &arguments, "");
    assert_eq!(producer.ended(Duration::from_secs(30)).await, Some(0));
    let event = consumer.receives("one").await;
    assert_eq!(event.kind(), Some(EventKind::Succeeded));
    let told = event.traceparent.expect("the producer's context");
    assert_eq!(told, traceparent, "the event itself tells of its producer");
    stop([up]).await;
    collector.spans()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_producer_does_not_trace_is_not_traced() {
    let environment = Environment::on(Backend::Rabbitmq);
    let (provider, collector) = (Provider::here(json!({})).await, Collector::here().await);
    let mut program = environment.program_for(&provider);
    program.set("telemetry.otlp_endpoint", &collector.url);
    let spans = spans_of(&environment, &program, &collector, "00").await;
    let sweeps = spans.iter().filter(|span| span.name == "poll sweep").count();
    assert!(sweeps > 0 && sweeps == spans.len(), "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_may_go_on_with_the_producers_trace() {
    let environment = Environment::on(Backend::Rabbitmq);
    let (provider, collector) = (Provider::here(json!({})).await, Collector::here().await);
    let mut program = environment.program_for(&provider);
    program.set("telemetry.otlp_endpoint", &collector.url);
    program.set("telemetry.trace_mode", "parent");
    let spans = spans_of(&environment, &program, &collector, "01").await;
    let processed = spans.iter().find(|span| span.kind == SpanKind::Consumer).expect("a delivery");
    assert_eq!(processed.trace, TRACE);
    assert_eq!(processed.parent, "00f067aa0ba902b7");
    assert_eq!(processed.links, ["00f067aa0ba902b7"]);
    assert_ne!(find(&spans, "complete task").trace, TRACE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variables_of_opentelemetry_win_over_the_configuration() {
    let (ours, theirs) = (Collector::here().await, Collector::here().await);
    let run = async |variables: &[(&str, &str)]| {
        let environment = Environment::on(Backend::Rabbitmq);
        let provider = Provider::here(json!({})).await;
        let mut program = environment.program_for(&provider);
        program.set("telemetry.otlp_endpoint", &ours.url);
        for (name, value) in variables {
            program.env(name, value);
        }
        spans_of(&environment, &program, &theirs, "01").await.len()
    };
    for off in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")] {
        assert_eq!(run(&[off]).await, 0);
    }
    let never = ("OTEL_TRACES_SAMPLER", "always_off");
    assert_eq!(run(&[never]).await, 0);
    assert!(ours.spans().is_empty());
    let named = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", theirs.url.as_str()),
        ("OTEL_SERVICE_NAME", "render-farm"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.version=9"),
    ];
    assert!(run(&named).await > 0);
    assert!(ours.spans().is_empty());
    for span in theirs.spans() {
        assert_eq!(span.service(), "render-farm");
        assert_eq!(span.resource["deployment.environment.name"], "test");
        assert_eq!(span.resource["service.version"], "9");
    }
}

/// The collector is unreachable, or never answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_holds_up_nothing() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = format!("http://{}", silent.local_addr().expect("an address"));
    // Nobody listens at port 1, and no other test will.
    for url in ["http://127.0.0.1:1".to_owned(), silent] {
        let environment = Environment::on(Backend::Embedded);
        let provider = Provider::here(json!({})).await;
        let mut program = environment.program_for(&provider);
        program.set("telemetry.otlp_endpoint", &url);
        let mut up = program.start_role("up", "up").await;
        let consumer = Consumer::subscribed(&environment).await;
        let file = environment.file("jobs.jsonl", &lines(&[Wish::video("one")]));
        program.run(&["submit", "--file", &file]).await.exits(0);
        assert_eq!(consumer.receives("one").await.kind(), Some(EventKind::Succeeded));
        let began = Instant::now();
        soon("it ends", up.stop()).await;
        // Five seconds for the last spans, and some more for the rest.
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
        assert!(up.stderr().contains("export"), "{}", up.stderr());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_that_is_none_harms_nothing() {
    let environment = Environment::on(Backend::Rabbitmq);
    let (provider, collector) = (Provider::here(json!({})).await, Collector::here().await);
    let mut program = environment.program_for(&provider);
    program.set("telemetry.otlp_endpoint", &collector.url);
    let up = program.start_role("up", "up").await;
    let consumer = Consumer::subscribed(&environment).await;
    let exchange = format!("{}.jobs", environment.namespace);
    let (zeros, long) = (format!("00-{:032}-{:016}-01", 0, 0), "00-".repeat(4_000));
    let bad = [("one", "garbage"), ("two", zeros.as_str()), ("three", long.as_str())];
    for (id, traceparent) in bad {
        let request = prompt(id);
        let job = [environment.amqp.as_str(), id, "videos/text2video", &request];
        let options = ["--exchange", &exchange, "--traceparent", traceparent];
        let arguments = [&job[..], &options[..]].concat();
        let mut producer =
            Python::play(&environment, &example("python/producer.py"), &arguments, "");
        assert_eq!(producer.ended(Duration::from_secs(30)).await, Some(0));
        assert_eq!(consumer.receives(id).await.kind(), Some(EventKind::Succeeded));
    }
    stop([up]).await;
    let spans = collector.spans();
    let taken: Vec<_> = spans.iter().filter(|span| span.kind == SpanKind::Consumer).collect();
    assert_eq!(taken.len(), bad.len());
    assert!(taken.iter().all(|span| span.links.is_empty() && span.is_root()), "{taken:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_hands_its_trace_to_submit() {
    let environment = Environment::on(Backend::Embedded);
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let consumer = Consumer::subscribed(&environment).await;
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-00");
    for (id, handed, told) in
        [("one", traceparent.as_str(), Some(traceparent.as_str())), ("two", "not a context", None)]
    {
        let file = environment.file("jobs.jsonl", &lines(&[Wish::video(id)]));
        program.env("TRACEPARENT", handed);
        program.run(&["submit", "--file", &file]).await.exits(0);
        assert_eq!(consumer.receives(id).await.traceparent.as_deref(), told);
    }
}

/// A demo's spans as it writes them on stderr.
async fn demo(jobs: usize, variables: &[(&str, &str)]) -> Vec<Value> {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    program.env("OTEL_TRACES_EXPORTER", "console");
    for (name, value) in variables {
        program.env(name, value);
    }
    let done = program.run(&["demo", "--jobs", &jobs.to_string(), "--json"]).await.exits(0);
    done.json();
    done.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn jobs_of(spans: &[Value], kind: &str, begins: &str) -> BTreeSet<String> {
    let name = |span: &Value| span["span"].as_str().unwrap_or_default().to_owned();
    let of_kind = spans.iter().filter(|s| s["kind"] == kind && name(s).starts_with(begins));
    of_kind.filter_map(|span| Some(span["attributes"]["job.id"].as_str()?.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_spans_are_lines_on_stderr() {
    let spans = demo(2, &[]).await;
    assert_eq!(jobs_of(&spans, "consumer", "process ").len(), 2, "{spans:#?}");
    assert_eq!(jobs_of(&spans, "internal", "complete task").len(), 2, "{spans:#?}");
}

/// No producer made a sampling decision, and the traces of one job begin at different times.
#[tokio::test(flavor = "multi_thread")]
async fn the_traces_of_a_job_are_kept_all_or_none() {
    const JOBS: usize = 40;
    let half =
        [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")];
    let spans = demo(JOBS, &half).await;
    let taken = jobs_of(&spans, "consumer", "process ");
    assert!((1..JOBS).contains(&taken.len()), "{}", taken.len());
    assert_eq!(jobs_of(&spans, "internal", "complete task"), taken);
}
