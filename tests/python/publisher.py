"""A plain AMQP publisher: each JSON line on stdin is a message.

usage: publisher.py URL EXCHANGE < LINES

A line has "routing_key", "body" and, if wanted, "message_id" and "headers". Nothing else is set. The broker
confirms each message; one that no queue takes is an error.
"""

import json
import sys

import pika

url, exchange = sys.argv[1:3]
channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
channel.confirm_delivery()
for line in sys.stdin:
    message = json.loads(line)
    channel.basic_publish(
        exchange,
        message["routing_key"],
        message["body"].encode(),
        pika.BasicProperties(
            message_id=message.get("message_id"), headers=message.get("headers")
        ),
        mandatory=True,
    )
print("published")
