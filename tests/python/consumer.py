"""A plain AMQP consumer: one JSON line for each message under an exchange.

usage: consumer.py URL EXCHANGE BINDING

Prints "ready" once it is bound, then every message with its properties, until it is ended.
"""

import json
import sys

import pika

url, exchange, binding = sys.argv[1:4]
channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
queue = channel.queue_declare("", exclusive=True).method.queue
channel.queue_bind(queue, exchange, binding)
channel.basic_qos(prefetch_count=256)


def show(channel, method, properties, body):
    line = {
        "routing_key": method.routing_key,
        "message_id": properties.message_id,
        "correlation_id": properties.correlation_id,
        "type": properties.type,
        "content_type": properties.content_type,
        "delivery_mode": properties.delivery_mode,
        "app_id": properties.app_id,
        "headers": {n: v for n, v in (properties.headers or {}).items() if isinstance(v, str)},
        "body": body.decode(),
    }
    print(json.dumps(line))
    channel.basic_ack(method.delivery_tag)


channel.basic_consume(queue, show)
print("ready")
channel.start_consuming()
