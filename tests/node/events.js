// Reads messages of the results exchange with the CloudEvents SDK: one JSON line each on stdin,
// {"content_type", "headers", "body"}, in either content mode; prints what the SDK understood, and fails at the first it refuses.

const readline = require("node:readline");
const { HTTP } = require("cloudevents");

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    const event = HTTP.toEvent({
      headers: { ...message.headers, "content-type": message.content_type },
      body: message.body,
    });
    event.validate();
    const { id, source, type, subject, time, traceparent, data } = event;
    console.log(JSON.stringify({ id, source, type, subject, time, traceparent, job: data.job_id }));
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
