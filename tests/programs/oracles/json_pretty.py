"""What examples/json_pretty.tova prints, by Python's json module; the errors are written down by hand."""

import json


def shown(value: object) -> object:
    """The value with whole floats as integers, as the language prints them."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [shown(item) for item in value]
        case dict():
            return {key: shown(item) for key, item in value.items()}
    return value


def depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


for text in (
    '{"name": "lathe", "tags": ["wood", "metal"], "size": {"w": 12.5, "h": -3e2, "empty": {}}, "on": true}',
    r' [1, [2, [3, []]], null, false, "a\"b\n\tc\\"] ',
    '"just a text"',
):
    value = json.loads(text)
    print(json.dumps(shown(value), indent=2, sort_keys=True))
    print("depth", depth(value))

print('no JSON: expected " but found } at 8')
print("no JSON: expected ] but found end of text at 5")
print("no JSON: expected : but found 1 at 5")
print("no JSON: expected u but found o at 2")
print("no JSON: expected the end but found 2 at 2")
print("no JSON: a string does not end")
