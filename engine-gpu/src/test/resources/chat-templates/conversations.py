"""Renders conversations with tools as transformers do; writes JSON. Needs jinja2.

python3 conversations.py TEMPLATE... > conversations.json
"""

import datetime
import json
import os
import sys

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

TOOLS = [
    {"type": "function", "function": {
        "name": "get_weather", "description": "Get \"weather\" <b>é</b>",
        "parameters": {"type": "object", "properties": {
            "city": {"type": "string", "description": "The city"},
            "unit": {"type": "string", "enum": ["C", "F"]},
            "days": {"type": "integer", "default": 3}}, "required": ["city"]}}},
    {"type": "function", "function": {
        "name": "noop", "description": "Nothing", "parameters": {"type": "object", "properties": {}}}},
]


def message(role, content, **more):
    return dict(role=role, content=content, **more)


def call(arguments, identity="call12345"):
    return {"id": identity, "type": "function",
            "function": {"name": "get_weather", "arguments": arguments}}


def result(content, identity="call12345"):
    return message("tool", content, tool_call_id=identity, name="get_weather")


CONVERSATIONS = {
    "systurns": dict(messages=[
        message("system", "S"), message("user", "A\n\nB"), message("assistant", "Ü 😀"),
        message("user", "<b>\"q\"</b> & 'x' \\n")]),
    "twousers": dict(messages=[message("user", "A"), message("user", "B")]),
    "think": dict(messages=[
        message("user", "A"), message("assistant", "<think>\nhm\n</think>\n\nyes"),
        message("user", "B"), message("assistant", "x", reasoning_content="because"),
        message("user", "C")]),
    "tools": dict(messages=[message("user", "Weather in Paris?")], tools=TOOLS),
    "systools": dict(messages=[message("system", "Be nice."), message("user", "Weather?")],
                     tools=TOOLS),
    "toolcall": dict(messages=[
        message("user", "Weather?"),
        message("assistant", "", tool_calls=[call({"city": "Paris", "days": 2}, "123456789")]),
        result('{"t": 21}', "123456789"), message("assistant", "21 degrees"),
        message("user", "And é?")], tools=TOOLS),
    "toolcalls": dict(messages=[
        message("user", "Weather?"),
        message("assistant", None, tool_calls=[
            call({"city": "Zürich"}, "abcdefghi"),
            call({"city": "Rome", "x": [1, 2.5, True, None]}, "123456789")]),
        result("20", "abcdefghi"), result("30", "123456789")], tools=TOOLS),
    "parts": dict(messages=[message("user", [{"type": "text", "text": "Look"}])]),
    "nothink": dict(messages=[message("system", "s"), message("user", "q")],
                    enable_thinking=False),
    "date": dict(messages=[message("user", "q")], date_string="01 Jan 2025"),
}


def raise_exception(text):
    raise jinja2.exceptions.TemplateError(text)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators,
                      sort_keys=sort_keys)


env = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
env.filters["tojson"] = tojson
env.globals["raise_exception"] = raise_exception
env.globals["strftime_now"] = lambda f: datetime.datetime(2026, 1, 2, 3, 4, 5).strftime(f)
rendered = []
for path in sorted(sys.argv[1:]):
    template = env.from_string(open(path, newline="").read())
    for name, conversation in CONVERSATIONS.items():
        entry = {"template": os.path.basename(path), "conversation": name}
        try:
            entry["text"] = template.render(
                **{"tools": None, "documents": None, **conversation}, add_generation_prompt=True,
                bos_token="<s>", eos_token="</s>")
        except Exception as e:
            entry["error"] = str(e)
        rendered.append(entry)
json.dump({"conversations": CONVERSATIONS, "rendered": rendered}, sys.stdout, ensure_ascii=False,
          indent=1)
