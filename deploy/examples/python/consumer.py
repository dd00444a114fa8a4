"""Hears how jobs ended, and counts each event once however often it comes.

    pip install -r requirements.txt
    python consumer.py amqp://guest:guest@127.0.0.1:5672 '#.succeeded' '#.failed'

Events come at least once. The event's id is the same for every repeat, so it goes into the same
transaction as what the event leads to: here a row in SQLite, with you a row in your database.
Ends when the connection does: let a supervisor start it again.
"""

import argparse
import json
import sqlite3
import sys

import pika

arguments = argparse.ArgumentParser()
arguments.add_argument("url")
arguments.add_argument("binding", nargs="+", help="such as videos.*.succeeded")
arguments.add_argument("--exchange", default="reelwork.results")
arguments.add_argument("--queue", default="my-service", help="kept while nobody listens")
arguments.add_argument("--database", default="results.sqlite")
given = arguments.parse_args()

database = sqlite3.connect(given.database)
database.execute("CREATE TABLE IF NOT EXISTS seen (source, id, PRIMARY KEY (source, id))")
database.execute("CREATE TABLE IF NOT EXISTS result (job, outcome, url)")


def hear(channel, method, properties, body):
    event = json.loads(body)
    with database:
        first = database.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?)", (event["source"], event["id"])
        ).rowcount
        if first:
            keep(event)
    # Only now: what was not kept comes again.
    channel.basic_ack(method.delivery_tag)
    print("heard" if first else "again", event["type"], event["subject"], flush=True)


def keep(event):
    outcome = event["type"].split(".")[-2]
    for output in event["data"]["outputs"] or [{"url": None}]:
        row = (event["subject"], outcome, output["url"])
        database.execute("INSERT INTO result VALUES (?, ?, ?)", row)


channel = pika.BlockingConnection(pika.URLParameters(given.url)).channel()
# RabbitMQ 4 would drop an event after 20 deliveries that were not acknowledged.
arguments = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}
channel.queue_declare(given.queue, durable=True, arguments=arguments)
for binding in given.binding:
    channel.queue_bind(given.queue, given.exchange, binding)
channel.basic_qos(prefetch_count=64)
channel.basic_consume(given.queue, hear)
print("ready", flush=True)
channel.start_consuming()
# It returns when the broker has cancelled the consumer, as for a queue that is deleted.
sys.exit("the broker ended the subscription")
