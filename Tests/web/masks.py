"""Masks as the server sends them."""


def decode_mask(data: bytes, height: int, width: int) -> bytearray:
    """A byte a pixel, 0 or 1."""
    count = height * width
    pixels = bytearray(count)
    if data[0] == 0:
        assert len(data) == 1 + (count + 7) // 8
        for index in range(count):
            pixels[index] = data[1 + (index >> 3)] >> (index & 7) & 1
        return pixels
    assert data[0] == 1
    lengths, value, shift = [], 0, 0
    for byte in data[1:]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            lengths.append(value)
            value, shift = 0, 0
    index = 0
    for gap, run in zip(lengths[::2], lengths[1::2]):
        index += gap
        pixels[index : index + run] = b"\x01" * run
        index += run
    assert index <= count
    return pixels
