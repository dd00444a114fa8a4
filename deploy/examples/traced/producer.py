"""Publishes one job under a span of its own, and returns once RabbitMQ has it.

    pip install -r requirements.txt
    export OTEL_SERVICE_NAME=shop OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
    python producer.py amqp://guest:guest@127.0.0.1:5672 order-42 videos/text2video '{"prompt": "A cat on a beach"}'

The span is named to the worker in the header `traceparent`. What else a producer should do is in
../python/producer.py.
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
arguments.add_argument("id")
arguments.add_argument("operation")
arguments.add_argument("request")
arguments.add_argument("--exchange", default="reelwork.jobs")
given = arguments.parse_args()

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("shop")

routing_key = given.operation.replace("/", ".") + ".normal"
job = {"id": given.id, "operation": given.operation, "request": json.loads(given.request)}
destination = f"{given.exchange}:{routing_key}"
attributes = {
    "messaging.system": "rabbitmq",
    "messaging.operation.name": "publish",
    "messaging.operation.type": "send",
    "messaging.destination.name": destination,
    "job.id": given.id,
}
with pika.BlockingConnection(pika.URLParameters(given.url)) as connection:
    channel = connection.channel()
    channel.confirm_delivery()
    kind = trace.SpanKind.PRODUCER
    with tracer.start_as_current_span(f"publish {destination}", kind=kind, attributes=attributes):
        headers = {}
        propagate.inject(headers)
        properties = pika.BasicProperties(
            content_type="application/json", message_id=given.id, delivery_mode=2, headers=headers
        )
        body = json.dumps(job)
        channel.basic_publish(given.exchange, routing_key, body, properties, mandatory=True)
provider.shutdown()
print(f"queued {given.id}")
