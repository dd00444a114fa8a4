// Publishes one job and ends once RabbitMQ has it.
//
//     npm install
//     node producer.js amqp://guest:guest@127.0.0.1:5672 order-42 videos/text2video '{"prompt": "A cat on a beach"}'
//
// The id is given before the publish. When it is unknown whether the publish arrived (a timeout, a
// lost connection), publish the same again: a job is done once by its id.

const amqp = require("amqplib");

const [url, id, operation, request, exchange = "reelwork.jobs"] = process.argv.slice(2);

async function main() {
  const job = { id, operation, request: JSON.parse(request), metadata: { order: id } };
  const routingKey = `${operation.replaceAll("/", ".")}.normal`;
  const connection = await amqp.connect(url);
  const channel = await connection.createConfirmChannel();
  // A key that no lane binds is confirmed too, but comes back first.
  let unroutable = false;
  channel.on("return", () => (unroutable = true));
  channel.publish(exchange, routingKey, Buffer.from(JSON.stringify(job)), {
    contentType: "application/json",
    messageId: id,
    persistent: true,
    mandatory: true,
    headers: { "x-reelwork-enqueued-at": String(Date.now()) },
  });
  await channel.waitForConfirms();
  await connection.close();
  if (unroutable) throw new Error(`no lane takes ${operation}`);
  console.log(`queued ${id}`);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
