//! Publishes one job and waits for its event.
//!
//! `cargo run --package producer --example publish -- amqp://guest:guest@localhost`

use std::error::Error;

use producer::{Draft, Producer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or("amqp://guest:guest@localhost".to_owned());
    let producer = Producer::connect(&url).await?;

    // Subscribe first: an unnamed subscription gets only events from now on.
    let mut results = producer.results(None, "videos.#").await?;

    let job = Draft::new("videos/text2video")
        .prompt("A happy scene of a vacation on the beach.")
        .set("duration", "5")
        .metadata("order", "42")
        .build()?;
    let receipt = producer.publish(&job).await?;

    while let Some(result) = results.next().await {
        if result.event.subject == receipt.key.id.as_str() {
            let urls: Vec<&str> =
                result.event.data.outputs.iter().map(|output| output.url.as_str()).collect();
            write_line(&format!("{} {urls:?}", result.event.event_type))?;
            result.ack().await?;
            producer.close().await;
            return Ok(());
        }
        result.ack().await?;
    }
    Err("the connection was lost".into())
}

fn write_line(line: &str) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}")
}
