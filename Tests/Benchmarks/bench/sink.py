# SPDX-License-Identifier: MIT
"""A stand-in for Pub/Sub that takes what is published at once and counts it.

`python3 -m bench.sink` prints its port; `GET /` answers with the number of messages so far."""

import asyncio

MESSAGE = b'{"data":"'


class Sink(asyncio.Protocol):
    messages = 0

    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = self.data[:end].lower()
            mark = head.find(b"content-length:")
            length = int(head[mark + 15:].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self.data) < end + 4 + length:
                return
            body, self.data = self.data[end + 4:end + 4 + length], self.data[end + 4 + length:]
            self.transport.write(self.answer(head, body))

    @classmethod
    def answer(cls, head, body) -> bytes:
        if head.startswith(b"get"):
            text = b"%d" % cls.messages
        else:
            count = body.count(MESSAGE)
            first, cls.messages = cls.messages, cls.messages + count
            text = b'{"messageIds":[' + b",".join(b'"%d"' % (first + n) for n in range(count)) + b"]}"
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
            len(text), text)


async def main():
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
