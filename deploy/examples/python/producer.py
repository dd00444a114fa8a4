"""Publishes one job and returns once RabbitMQ has it.

    pip install -r requirements.txt
    python producer.py amqp://guest:guest@127.0.0.1:5672 order-42 videos/text2video '{"prompt": "A cat on a beach"}'

The id is given before the publish. When it is unknown whether the publish arrived (a timeout, a
lost connection), publish the same again: a job is done once by its id.
"""

import argparse
import json
import sys
import time

import pika

arguments = argparse.ArgumentParser()
arguments.add_argument("url")
arguments.add_argument("id", help="the idempotency key, such as an order's number")
arguments.add_argument("operation", help="the provider's path below /kling/v1/")
arguments.add_argument("request", help="the provider's own body, as JSON")
arguments.add_argument("--priority", choices=["high", "normal", "low"], default="normal")
arguments.add_argument("--traceparent", help="W3C Trace Context: comes back with the event")
arguments.add_argument("--exchange", default="reelwork.jobs")
given = arguments.parse_args()

job = {
    "id": given.id,
    "operation": given.operation,
    "request": json.loads(given.request),
    "priority": given.priority,
    "metadata": {"order": given.id},
}
headers = {"x-reelwork-enqueued-at": str(int(time.time() * 1000))}
if given.traceparent:
    headers["traceparent"] = given.traceparent

connection = pika.BlockingConnection(pika.URLParameters(given.url))
channel = connection.channel()
# From here on a publish returns only when the broker has answered for it.
channel.confirm_delivery()
try:
    channel.basic_publish(
        exchange=given.exchange,
        routing_key=given.operation.replace("/", ".") + "." + given.priority,
        body=json.dumps(job),
        properties=pika.BasicProperties(
            content_type="application/json",
            message_id=given.id,
            delivery_mode=2,  # persistent
            headers=headers,
        ),
        mandatory=True,
    )
except pika.exceptions.UnroutableError:
    sys.exit(f"no lane takes {given.operation}")
except pika.exceptions.NackError:
    sys.exit("the broker refused it: the lane is full; try again later")
connection.close()
print(f"queued {given.id}")
