"""What a JSON Schema validator says about documents.

usage: validate.py SCHEMA   (one document a line on stdin)

Prints for each line "ok", or where and why it is refused.
"""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1]) as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
for line in sys.stdin:
    errors = sorted(validator.iter_errors(json.loads(line)), key=str)
    print("; ".join(f"{error.json_path}: {error.message}" for error in errors) or "ok")
