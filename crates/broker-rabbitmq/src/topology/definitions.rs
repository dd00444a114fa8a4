use serde_json::{Map, Value, json};

use super::{Argument, Arguments, Topology};

impl Topology {
    /// The topology as a RabbitMQ `definitions.json`, for import at the broker's start or with its
    /// management plugin. Contains no users, permissions or policies.
    pub fn definitions(&self) -> Value {
        let exchanges = self.exchanges.iter().map(|exchange| {
            json!({
                "name": exchange.name, "vhost": self.vhost, "type": exchange.kind.as_str(),
                "durable": true, "auto_delete": false, "internal": false,
                "arguments": arguments(&exchange.arguments),
            })
        });
        let queues = self.queues.iter().map(|queue| {
            json!({
                "name": queue.name, "vhost": self.vhost, "durable": true, "auto_delete": false,
                "arguments": arguments(&queue.arguments),
            })
        });
        let bindings = self.bindings.iter().map(|binding| {
            json!({
                "source": binding.exchange, "vhost": self.vhost, "destination": binding.to.name(),
                "destination_type": binding.to.kind(), "routing_key": binding.routing_key,
                "arguments": arguments(&binding.arguments),
            })
        });
        json!({
            "vhosts": [{ "name": self.vhost }],
            "exchanges": exchanges.collect::<Vec<_>>(),
            "queues": queues.collect::<Vec<_>>(),
            "bindings": bindings.collect::<Vec<_>>(),
        })
    }
}

fn arguments(arguments: &Arguments) -> Value {
    let value = |argument: &Argument| match argument {
        Argument::Text(text) => json!(text),
        Argument::Int(number) => json!(number),
    };
    let map: Map<String, Value> =
        arguments.iter().map(|(name, argument)| (name.to_owned(), value(argument))).collect();
    Value::Object(map)
}
