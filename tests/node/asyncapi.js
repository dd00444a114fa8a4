// Reads an AsyncAPI document with AsyncAPI's own parser: prints its operations and what they
// carry, and fails when the parser finds an error in it.

const { Parser, fromFile } = require("@asyncapi/parser");

async function main() {
  const { document, diagnostics } = await fromFile(new Parser(), process.argv[2]).parse();
  const told = diagnostics.filter((d) => d.severity <= 1);
  for (const { code, message, path } of told) console.error(`${code} at ${path.join(".")}: ${message}`);
  if (told.length > 0) process.exit(1);
  for (const operation of document.operations()) {
    const channels = operation.channels().all();
    const exchanges = channels.map((c) => c.bindings().get("amqp").value().exchange.name);
    const messages = operation.messages().all();
    const line = { id: operation.id(), action: operation.action(), exchanges, messages: messages.map((m) => m.name()) };
    console.log(JSON.stringify(line));
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
