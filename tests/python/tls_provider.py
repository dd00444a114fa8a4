"""A provider behind TLS that knows no task: tls_provider.py CERT KEY. Prints its port."""

import http.server
import json
import ssl
import sys


class Denies(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"code": 1203, "message": "no such task"}).encode()
        self.send_response(404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Denies)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
