"""The side of wgsl_mistakes.html in Python: what weft says of a source, as JSON. It needs neither NumPy nor a device."""

import json

import weft


def check(source):
    return json.dumps([found.to_dict() | {"text": str(found)} for found in weft.check(source)])
