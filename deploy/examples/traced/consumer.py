"""Hears how jobs ended, each under a span that is linked to the one which announced it.

    pip install -r requirements.txt
    export OTEL_SERVICE_NAME=shop OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
    python consumer.py amqp://guest:guest@127.0.0.1:5672 '#' --count 1

A link and no parent: a job takes minutes, and a trace that stays open as long cannot be sampled.
How to count each event once is in ../python/consumer.py.
"""

import argparse
import json

import pika
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

arguments = argparse.ArgumentParser()
arguments.add_argument("url")
arguments.add_argument("binding", help="such as videos.*.succeeded")
arguments.add_argument("--exchange", default="reelwork.results")
arguments.add_argument("--queue", default="traced")
arguments.add_argument("--count", type=int, help="ends after so many events")
given = arguments.parse_args()

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("shop")
heard = 0


def hear(channel, method, properties, body):
    global heard
    event = json.loads(body)
    announced = trace.get_current_span(propagate.extract(properties.headers)).get_span_context()
    destination = f"{given.exchange}:{method.routing_key}:{given.queue}"
    attributes = {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": destination,
        "job.id": event["subject"],
    }
    links = [trace.Link(announced)] if announced.is_valid else []
    kind = trace.SpanKind.CONSUMER
    name = f"process {destination}"
    with tracer.start_as_current_span(name, kind=kind, links=links, attributes=attributes):
        print("heard", event["type"], event["subject"], flush=True)
    channel.basic_ack(method.delivery_tag)
    heard += 1
    if heard == given.count:
        channel.stop_consuming()


with pika.BlockingConnection(pika.URLParameters(given.url)) as connection:
    channel = connection.channel()
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}
    channel.queue_declare(given.queue, durable=True, arguments=arguments)
    channel.queue_bind(given.queue, given.exchange, given.binding)
    channel.basic_consume(given.queue, hear)
    print("ready", flush=True)
    channel.start_consuming()
provider.shutdown()
