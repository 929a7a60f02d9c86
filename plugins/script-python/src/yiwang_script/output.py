"""What a script says, counted while it says it."""

import io


class TooMuch(BaseException):
    """It wanted to say more than it may. The call ends so even where a script catches this."""


class Room:
    """Bytes that it may still say."""

    def __init__(self, bytes_max):
        self.left = bytes_max
        self.overflown = False

    def take(self, size):
        """Takes room, or ends the script."""
        if size > self.left:
            self.left, self.overflown = 0, True
            raise TooMuch("the script says too much")
        self.left -= size


class Sink(io.RawIOBase):
    """Standard output or standard error, in bytes."""

    def __init__(self, room, name):
        self.room, self.name, self.parts = room, name, []

    def writable(self):
        return True

    def write(self, data, /):
        data = bytes(data)
        self.room.take(len(data))
        self.parts.append(data)
        return len(data)

    def close(self):
        """A script that closes its output has only lost its own way to it."""

    def text(self):
        return b"".join(self.parts).decode("utf-8", "replace")


def stream(sink):
    """The sink as `sys.stdout` is: texts at once, bytes through `buffer`."""
    return io.TextIOWrapper(sink, encoding="utf-8", errors="backslashreplace", newline="\n", write_through=True)


def source(text):
    """A text as `sys.stdin` is."""
    return io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", errors="replace", newline=None)
