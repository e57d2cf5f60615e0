"""Holds requests, and the server's own answers, to Discord's OpenAPI document.

Only what that document uses of JSON Schema is known. Where it says `oneOf` one or more may fit, since its alternatives
overlap. A request may have no property that the document does not know: Discord ignores it, so it is a mistake.
"""

from __future__ import annotations

import functools
import json
import re
from datetime import datetime
from typing import Any, Iterator

from shapes import Object
from web import Request

AGENT = re.compile(r"DiscordBot \(\S+?,? \S+\)")
VARIABLE = re.compile(r"\{(\w+)\}")
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),)}


class Document:
    def __init__(self, path: str) -> None:
        with open(path, encoding="utf-8") as file:
            self.root: Object = json.load(file)
        self.paths = [
            (re.compile(VARIABLE.sub(r"(?P<\1>[^/]+)", template)), item)
            # What names something comes before what has a variable there.
            for template, item in sorted(self.root["paths"].items(), key=lambda pair: pair[0].count("{"))]

    def request_violations(self, request: Request, prefix: str, body: Any, has_files: bool) -> list[str]:
        """What of a request Discord's document does not allow."""
        said = []
        if not AGENT.match(request.headers.get("user-agent", "")):
            said.append("User-Agent: expected DiscordBot (URL, VERSION)")
        path = request.path.removeprefix(prefix)
        found = self._operation(request.method.lower(), path)
        if found is None:
            return [*said, f"{request.method} {path}: no such operation"]
        operation, parameters, variables = found
        said += self._parameters(parameters, variables, request.query)
        return said + self._body(operation.get("requestBody"), request, body, has_files)

    @functools.lru_cache(maxsize=10_000)
    def _operation(self, method: str, path: str) -> tuple[Object, list[Object], dict[str, str]] | None:
        """What the document says of a method of a path: the operation, all parameters, the variables' values."""
        return next((
            (item[method], item.get("parameters", []) + item[method].get("parameters", []), match.groupdict())
            for pattern, item in self.paths if (match := pattern.fullmatch(path)) and method in item), None)

    def answer_violations(self, route: str, status: int, body: Any) -> list[str]:
        """What of an answer of the server's Discord's document does not allow."""
        method, template = route.split(" ")
        operation = self.root["paths"].get(template, {}).get(method.lower())
        if operation is None:
            return []
        answers = operation["responses"]
        described = answers.get(str(status)) or answers.get(f"{status // 100}XX")
        if described is None:
            return [f"answer: {status} is none of {', '.join(answers)}"]
        content = self._resolved(described).get("content", {}).get("application/json")
        if content is None:
            return [] if body is None else ["answer: expected no body"]
        return [f"answer{said}" for said in self._check(content["schema"], body, "", False)]

    def _parameters(self, parameters: list[Object], path: Object, query: Object) -> list[str]:
        said: list[str] = []
        known: dict[str, set[str]] = {"path": set(), "query": set()}
        for parameter in map(self._resolved, parameters):
            name, place = parameter["name"], parameter["in"]
            if place not in known:
                continue
            known[place].add(name)
            values = path if place == "path" else query
            if name in values:
                said += self._check(parameter["schema"], values[name], f"{place}.{name}", False, is_text=True)
            elif parameter.get("required"):
                said.append(f"{place}.{name}: is required")
        return said + [f"query.{name}: is not known" for name in query if name not in known["query"]]

    def _body(self, described: Object | None, request: Request, body: Any, has_files: bool) -> list[str]:
        if not request.body:
            return ["body: is required"] if described and described.get("required") else []
        if described is None:
            return ["body: expected none"]
        media = described["content"].get(request.media_type)
        if media is None:
            return [f"Content-Type: expected one of {', '.join(described['content'])}, found {request.media_type}"]
        if request.media_type == "multipart/form-data" and not has_files:
            return ["body: a form without a file"]
        return list(self._check(media["schema"], body, "body", True))

    def _resolved(self, schema: Object) -> Object:
        while "$ref" in schema:
            found: Any = self.root
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            schema = found
        return schema

    def _check(self, schema: Object, value: Any, place: str, is_strict: bool, is_text: bool = False) -> Iterator[str]:
        """What is wrong with a value; `is_text` if it comes from a URL, where a number is of digits."""
        schema = self._resolved(schema)
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if is_text and isinstance(value, str):
            if "integer" in types and re.fullmatch(r"-?\d+", value):
                value = int(value)
            elif "boolean" in types and value.lower() in ("true", "false"):
                value = value.lower() == "true"
            elif "array" in types:
                value = value.split(",")
        if types and not any(self._is(value, type) for type in types):
            yield f"{place}: expected {' or '.join(types)}, found {json.dumps(value)[:80]}"
            return
        alternatives = schema.get("oneOf") or schema.get("anyOf")
        if alternatives:
            tried = [list(self._check(one, value, place, is_strict, is_text)) for one in alternatives]
            if all(tried):
                yield from min(tried, key=len)
        for part in schema.get("allOf", []):
            # What one part does not know another may.
            yield from self._check(part, value, place, False, is_text)
        if "const" in schema and value != schema["const"]:
            yield f"{place}: expected {schema['const']!r}, found {value!r}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{place}: expected one of {schema['enum']}, found {value!r}"
        match value:
            case str():
                yield from self._text(schema, value, place)
            case int() | float():
                if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
                    yield f"{place}: {value} is out of range"
            case list():
                if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
                    yield f"{place}: {len(value)} items are too few or too many"
                for index, item in enumerate(value):
                    yield from self._check(schema.get("items", {}), item, f"{place}[{index}]", is_strict)
            case dict():
                yield from self._object(schema, value, place, is_strict)

    def _object(self, schema: Object, value: Object, place: str, is_strict: bool) -> Iterator[str]:
        known, more = self._properties(schema), schema.get("additionalProperties")
        yield from (f"{place}.{name}: is required" for name in schema.get("required", []) if name not in value)
        for name, member in value.items():
            if name in schema.get("properties", {}):
                yield from self._check(schema["properties"][name], member, f"{place}.{name}", is_strict)
            elif isinstance(more, dict):
                yield from self._check(more, member, f"{place}.{name}", is_strict)
            elif more is False or is_strict and known and name not in known:
                yield f"{place}.{name}: is not known"

    def _properties(self, schema: Object) -> set[str]:
        """All properties that a schema knows, in whichever of its parts."""
        schema = self._resolved(schema)
        known = set(schema.get("properties", {}))
        for part in (*schema.get("allOf", []), *schema.get("oneOf", []), *schema.get("anyOf", [])):
            known |= self._properties(part)
        return known

    @staticmethod
    def _is(value: Any, type: str) -> bool:
        return isinstance(value, TYPES[type]) and (type == "boolean" or not isinstance(value, bool))

    @staticmethod
    def _text(schema: Object, value: str, place: str) -> Iterator[str]:
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{place}: {len(value)} characters are too few or too many"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{place}: expected {schema['pattern']}, found {value[:80]!r}"
        if schema.get("format") == "date-time":
            try:
                datetime.fromisoformat(value)
            except ValueError:
                yield f"{place}: expected a time, found {value[:80]!r}"
