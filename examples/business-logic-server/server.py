"""A business logic server: the part of a paid service that decides. Needs nothing but Python 3.

The connector asks it about every packet that ends at this node (POST /handle-packet), and it asks the connector to send packets of its
own (POST /send here, also called /trigger-admin-send, is passed on to the admin API).

    PORT=3100 CONNECTOR_ADMIN_URL=http://localhost:8081 ADMIN_API_KEY=... python3 server.py
"""
import json
import os
import urllib.error
import urllib.request
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ.get('PORT', '3100'))
HOST = os.environ.get('HOST', '127.0.0.1')
# What one packet may pay at most. Put the rules of your service in decide().
MAX_AMOUNT = 100_000
MAX_BODY_BYTES = 1024 * 1024
SEND_TIMEOUT_S = 60

NOT_FOUND = ('Not found. This is a business logic server; it has GET /health, GET /received, POST /handle-packet, POST /send, '
             'POST /trigger-admin-send.')

# GET /received shows this many at most.
received = deque(maxlen=1000)


def decide(packet):
    """The amount is a decimal string; data is base64 and may be missing."""
    if packet.get('isTransit'):
        return {'accept': True}  # only passes through: nobody looks at the answer
    if int(packet['amount']) > MAX_AMOUNT:
        return {'accept': False, 'rejectReason': {'code': 'invalid_amount', 'message': 'amount exceeds limit'}}
    received.append({key: packet.get(key) for key in ('paymentId', 'destination', 'amount', 'data', 'sourcePeer')})
    answer = {'accept': True}
    if 'data' in packet:
        answer['data'] = packet['data']  # the sender gets its data back, as a receipt
    return answer


def send(packet):
    """Sends a packet through the connector and hands on what that answers."""
    admin_url = os.environ.get('CONNECTOR_ADMIN_URL')
    if admin_url is None:
        return 500, {'error': 'CONNECTOR_ADMIN_URL not set'}
    headers = {'content-type': 'application/json'}
    if 'ADMIN_API_KEY' in os.environ:
        headers['x-api-key'] = os.environ['ADMIN_API_KEY']
    body = {'destination': packet['destination'], 'amount': packet.get('amount', '0'), 'data': packet.get('data', '')}
    request = urllib.request.Request(f'{admin_url}/admin/ilp/send', json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=SEND_TIMEOUT_S) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        if self.path == '/health':
            self.answer(200, {'status': 'healthy'})
        elif self.path == '/received':
            self.answer(200, {'count': len(received), 'received': list(received)})
        else:
            self.answer(404, {'error': NOT_FOUND})

    def do_POST(self):
        length = int(self.headers.get('content-length', '0'))
        if length > MAX_BODY_BYTES:
            self.close_connection = True
            return self.answer(413, {'error': 'body too large'})
        try:
            body = json.loads(self.rfile.read(length))
            if self.path == '/handle-packet':
                self.answer(200, decide(body))
            elif self.path in ('/send', '/trigger-admin-send'):
                self.answer(*send(body))
            else:
                self.answer(404, {'error': NOT_FOUND})
        except (KeyError, TypeError, ValueError) as error:
            self.answer(400, {'error': f'{type(error).__name__}: {error}'})
        except OSError as error:
            self.answer(502, {'error': f'the connector cannot be reached: {error}'})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args):
        pass


if __name__ == '__main__':
    server = ThreadingHTTPServer((HOST, PORT), Handler)
    print(f'business logic server on http://{HOST}:{server.server_port}', flush=True)
    server.serve_forever()
