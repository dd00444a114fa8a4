// Hears how jobs ended, and counts each event once however often it comes.
//
//     npm install
//     node consumer.js amqp://guest:guest@127.0.0.1:5672 '#'
//
// Events come at least once. The event's id is the same for every repeat: here it is the name of
// the file that an event is kept in, with you a unique key in your database. Ends when the connection
// does: let a supervisor start it again.

const fs = require("node:fs");
const path = require("node:path");
const amqp = require("amqplib");

const [url, binding, exchange = "reelwork.results", queue = "my-node-service", directory = "events"] =
  process.argv.slice(2);

// Whether it is the first time that this event comes.
function keep(event) {
  const file = path.join(directory, `${event.id}.json`);
  const aside = `${file}.${process.pid}`;
  // On the disk before it is acknowledged.
  fs.writeFileSync(aside, JSON.stringify(event), { flush: true });
  try {
    // Fails when it is there: two consumers on one directory keep it once.
    fs.linkSync(aside, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    fs.unlinkSync(aside);
  }
}

async function main() {
  fs.mkdirSync(directory, { recursive: true });
  const connection = await amqp.connect(url);
  connection.on("error", end);
  connection.on("close", () => end(new Error("the broker closed the connection")));
  const channel = await connection.createChannel();
  channel.on("error", end);
  await channel.assertQueue(queue, {
    durable: true,
    // RabbitMQ 4 would drop an event after 20 deliveries that were not acknowledged.
    arguments: { "x-queue-type": "quorum", "x-delivery-limit": 1000000 },
  });
  await channel.bindQueue(queue, exchange, binding);
  await channel.prefetch(64);
  await channel.consume(queue, (message) => {
    if (message === null) return end(new Error("the broker ended the subscription"));
    const event = JSON.parse(message.content);
    const first = keep(event);
    // Only now: what was not kept comes again.
    channel.ack(message);
    console.log(first ? "heard" : "again", event.type, event.subject);
  });
  console.log("ready");
}

function end(error) {
  console.error(error.message);
  process.exit(1);
}

main().catch(end);
