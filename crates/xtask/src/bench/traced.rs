//! The cost of traces: the pipeline in processes of its own, with a collector and without.

use std::process::Stdio;

use daemon::traces::{Service, Traces};
use daemon::{Config, Sources};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::report::{hundredths, median};
use crate::{Failed, Options, say};

/// A log without lines, and traces as configured by OpenTelemetry's variables. Must not be called
/// within a runtime.
pub(crate) fn start() -> Result<Option<Traces>, Failed> {
    let config = Config::load(&Sources::default()).map_err(|error| error.to_string())?.config;
    let mut telemetry = config.telemetry;
    "warn,lapin=off".clone_into(&mut telemetry.log);
    let service = Service { name: "bench", namespace: "bench", version: "bench" };
    let traces = Traces::start(&service, &telemetry)?;
    daemon::logs::init(&telemetry, traces.as_ref());
    Ok(traces)
}

/// Both, round by round; each process runs a warm-up first.
pub(crate) async fn compare(options: &Options) -> Result<(), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(collect(listener));
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        let plain = pipeline(options, None).await?;
        let traced = pipeline(options, Some(&url)).await?;
        let rate = |side: &Value| side["jobs_per_second"].as_f64().unwrap_or_default();
        let ratio = rate(&traced) / rate(&plain);
        say(format!("round {number}: plain {plain}, traced {traced}, ratio {ratio:.3}"));
        rounds.push((plain, traced, ratio));
    }
    let ratios = rounds.iter().map(|(_, _, ratio)| *ratio).collect();
    let middle = |name: &str, of: &dyn Fn(&(Value, Value, f64)) -> Value| {
        median(rounds.iter().filter_map(|round| of(round)[name].as_f64()).collect())
    };
    let side = |of: &dyn Fn(&(Value, Value, f64)) -> Value| {
        json!({
            "jobs_per_second": middle("jobs_per_second", of),
            "cpu_us_per_job": middle("cpu_us_per_job", of),
        })
    };
    let all = json!({
        "plain": side(&|round| round.0.clone()),
        "traced": side(&|round| round.1.clone()),
        "traced_ratio": median(ratios).map(hundredths),
    });
    Ok(crate::report::line(&all.to_string())?)
}

async fn pipeline(options: &Options, collector: Option<&str>) -> Result<Value, Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--logged", "--only", "pipeline", "--rounds", "1", "--json"]);
    command.args(["--jobs", &options.jobs.to_string()]);
    command.args(["--at-once", &options.at_once.to_string()]);
    if let Some(url) = collector {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url);
    }
    let output = command.stderr(Stdio::inherit()).kill_on_drop(true).output().await?;
    if !output.status.success() {
        return Err("no figures: a side failed".into());
    }
    let all: Value = serde_json::from_slice(&output.stdout)?;
    Ok(all["pipeline"].clone())
}

/// The smallest receiver of exported spans: a real collector runs on another machine.
async fn collect(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            // The exporter logs what it lost.
            let _ = answer(stream).await;
        });
    }
}

async fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let header = line.trim().to_ascii_lowercase();
        if let Some(bytes) = header.strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap_or(0);
        }
        if header.is_empty() {
            let mut body = (&mut stream).take(length);
            tokio::io::copy(&mut body, &mut tokio::io::sink()).await?;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
        }
        line.clear();
    }
    Ok(())
}
