"""Arguments of tools: which deviations are accepted, and the messages for all others.

Some hosts make every argument required (the strict schemas of OpenAI's Agents SDK). Their models then fill what they
do not need with an empty text, `null`, an empty list or 0: for an optional argument, all of these count as absent.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, NoDefault
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ModelSchema, NullableSchema, WithDefaultSchema

from shopmcp.errors import InvalidArguments

K = TypeVar("K")

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,9}\s*")
_ZERO = re.compile(r"\s*[+-]?0+([.,]0*)?\s*")
_NOTHING = frozenset(("", "null", "none", "undefined", "[]"))
_LONGEST_NOTHING = 24  # characters, with space and quotes around it
_AROUND = " \t\r\n\"'"


def _whole(value: Any) -> Any:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e9:
        return int(value)
    if type(value) is int:  # not bool
        return value
    raise PydanticCustomError("whole", "not a whole number")  # _WORDS has the words


def _listed(value: Any) -> Any:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value
    return [entry for entry in found if not _is_nothing(entry)] if isinstance(found, list) else found


# Both go last inside Annotated[...]: a bound written after them is enforced but not published in the schema.
Whole = BeforeValidator(_whole)
"""A whole number: `"2"` and 2.0 are 2; true, 2.5, `""`, null and 1e30 are refused."""
CartId = Annotated[
    str | None,
    Field(
        max_length=400,
        description="If an answer gives a cart_id, pass it with every later cart call; never invent one.",
    ),
]
Listed = BeforeValidator(_listed)
"""A list, which some hosts send as its JSON text; entries such as null and the empty text are left out."""


class NeverNull:
    """Marks, inside Annotated[...], an optional argument that nothing can stand for: null and the like are an error."""


class ZeroIsAbsent:
    """Marks, inside Annotated[...], an optional number for which 0 counts as absent."""


@dataclass(frozen=True)
class IgnoredBeside:
    """Marks, inside Annotated[...], an argument that has no meaning beside another one, and is not read then."""

    argument: str


_WORDS = {
    "whole": _("must be a whole number such as 2"),
    "missing": _("is required"),
    "string_type": _("must be text"),
    "string_unicode": _("holds characters that are not valid text"),
    "string_too_short": _("must not be empty"),
    "string_too_long": _("is longer than {max_length} characters"),
    "string_pattern_mismatch": _("does not have the expected form"),
    "greater_than_equal": _("must be at least {ge}"),
    "less_than_equal": _("must be at most {le}"),
    "literal_error": _("must be one of {expected}"),
    "list_type": _("must be a list"),
    "too_long": _("has more than {max_length} entries"),
    "too_short": _("must not be empty"),
    "model_type": _("must be an object"),
    "dict_type": _("must be an object"),
    "bool_parsing": _("must be true or false"),
    "bool_type": _("must be true or false"),
    "decimal_parsing": _("must be a number"),
    "decimal_type": _("must be a number"),
    "finite_number": _("must be a number"),
}


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles that repeat a name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        return {key: value for key, value in super().model_schema(schema).items() if key != "title"}


class _InputSchema(_Untitled):
    """Leaves out null as well: an optional argument is simply not sent."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def get_default_value(self, schema: WithDefaultSchema) -> Any:
        default = super().get_default_value(schema)
        return NoDefault if default is None else default


class Arguments:
    """The arguments of one tool, read from its signature."""

    def __init__(self, name: str, fields: Mapping[str, tuple[Any, Any]]) -> None:
        # The annotations come from the tool's own signature, which no static type can follow.
        definitions: dict[str, Any] = dict(fields)
        config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
        self.model: type[BaseModel] = create_model(name, __config__=config, **definitions)
        described = self.model.model_fields
        self._names = described.keys()
        # Arguments that are lists of objects, with the fields of such an object.
        self._entries = {
            field: entry.model_fields
            for field, info in described.items()
            if (entry := _entry_model(info.annotation)) is not None
        }
        self._never_null = {
            field for field, info in described.items() if info.is_required() or _mark(info, NeverNull) is not None
        }
        self._absent_at_zero = {field for field, info in described.items() if _mark(info, ZeroIsAbsent) is not None}
        self._beside = {
            field: mark.argument
            for field, info in described.items()
            if (mark := _mark(info, IgnoredBeside)) is not None
        }

    def present(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments that came, without those that count as absent."""
        found = {name: value for name, value in given.items() if not _is_nothing(value) or name in self._never_null}
        for name in self._absent_at_zero & found.keys():
            if _is_zero(found[name]):
                del found[name]
        for name, fields in self._entries.items():
            if name in found and _is_blank(found[name], fields):
                del found[name]
        for name, other in self._beside.items():
            if other in found:
                found.pop(name, None)
        return found

    def read(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values by name, defaults included; unknown names are left out.

        Args:
            present: What `present` returned.

        Raises:
            InvalidArguments: With each problem in words; the caller's values are never repeated.
        """
        names = self._names
        try:
            values = self.model.model_validate({n: v for n, v in present.items() if n in names})
        except ValidationError as error:
            raise InvalidArguments(_problems(error), fix=gettext("Correct that and call the tool again.")) from None
        if odd := [f"`{name}`" for name in names if _holds_control(getattr(values, name))]:
            raise InvalidArguments(
                gettext("Control characters in %(names)s.") % {"names": ", ".join(odd)},
                fix=gettext("Leave them out and call the tool again."),
            )
        return {name: getattr(values, name) for name in names}

    def unknown(self, given: Mapping[str, Any]) -> tuple[str, ...]:
        """Names that the tool does not have, clipped, at most five; those in a list of objects as `items[0].colour`."""
        if given.keys() <= self._names and self._entries.keys().isdisjoint(given):
            return ()
        unknown = [ascii(name)[1:-1][:40] for name in given.keys() - self._names]
        for field, fields in self._entries.items():
            if field in given and isinstance(entries := _listed(given[field]), list):
                unknown += (
                    f"{field}[{number}].{ascii(name)[1:-1][:40]}"
                    for number, entry in enumerate(entries)
                    if isinstance(entry, Mapping)
                    for name in entry.keys() - fields.keys()
                )
        return tuple(sorted(unknown)[:5])

    @property
    def schema(self) -> dict[str, Any]:
        """The published input schema. Hosts that make an optional argument required can send nothing for it."""
        schema = _inlined(self.model.model_json_schema(schema_generator=_InputSchema))
        for name, part in schema["properties"].items():
            if name not in schema.get("required", ()):
                for least in ("minLength", "minItems"):
                    part.pop(least, None)
            if name in self._absent_at_zero:
                part["minimum"] = 0
        return schema


def output_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a tool's structured answer, with a refusal as its other arm.

    It names the fields of the answer and of its lines, and no more: each conversation carries the schemas of all tools,
    and a model reads the answers themselves. The TypeScript SDK 1.x validates refusals against it too.
    """
    schema = _inlined(model.model_json_schema(mode="serialization", schema_generator=_Untitled))
    fields = schema["properties"]
    # The variants of a product have no fields that it does not have itself.
    lines = next((name for name, field in fields.items() if _entry_fields(field).keys() - fields.keys()), None)
    named: dict[str, Any] = {name: {} for name in fields}
    if lines is not None:
        entries = {"type": "object", "properties": {name: {} for name in _entry_fields(fields[lines])}}
        named[lines] = {"type": "array", "items": entries}
    always = [name for name in schema.get("required", []) if name == lines or not _may_be_empty(fields[name])]
    return {
        "type": "object",
        "properties": {**named, "error": {"type": "object"}},
        "anyOf": [*schema.get("anyOf", [{"required": always}]), {"required": ["error"]}],
    }


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with each reference replaced by what it names: some clients follow none."""
    definitions = schema.pop("$defs", {})

    def inline(part: Any) -> Any:
        if isinstance(part, list):
            return [inline(inner) for inner in part]
        if not isinstance(part, dict):
            return part
        rest = {key: inline(inner) for key, inner in part.items() if key != "$ref"}
        if isinstance(reference := part.get("$ref"), str):
            return {**inline(definitions[reference.rpartition("/")[2]]), **rest}
        return rest

    inlined: dict[str, Any] = inline(schema)
    return inlined


def _entry_fields(field: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of the objects in a list; none if the field is something else."""
    entry = field.get("items")
    return entry.get("properties", {}) if isinstance(entry, dict) else {}


def _may_be_empty(field: Mapping[str, Any]) -> bool:
    """Whether an answer may do without the field: with null, or with a list that can be empty."""
    return field.get("type") == "array" or any(arm.get("type") == "null" for arm in field.get("anyOf", ()))


def _mark(info: FieldInfo, kind: type[K]) -> K | None:
    return next((mark for mark in info.metadata if isinstance(mark, kind)), None)


def _is_nothing(value: Any) -> bool:
    """Whether it is what hosts and models send in place of a value."""
    if isinstance(value, str):
        return len(value) <= _LONGEST_NOTHING and value.strip(_AROUND).casefold() in _NOTHING
    return value is None or (isinstance(value, list) and all(map(_is_nothing, value)))


def _is_blank(value: Any, fields: Mapping[str, FieldInfo]) -> bool:
    """Whether it is a list of objects which lack what they must have, as `{"product_id": "", "quantity": 1}` does."""
    entries = _listed(value)
    required = [name for name, info in fields.items() if info.is_required()]
    return isinstance(entries, list) and all(
        isinstance(entry, dict) and all(_is_nothing(entry.get(name)) for name in required) for entry in entries
    )


def _is_zero(value: Any) -> bool:
    if isinstance(value, str):
        return _ZERO.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0


def _entry_model(annotation: Any) -> type[BaseModel] | None:
    """The model of a list's entries, wherever the list stands in the annotation."""
    if get_origin(annotation) is list:
        (entry,) = get_args(annotation)
        return entry if isinstance(entry, type) and issubclass(entry, BaseModel) else None
    return next(filter(None, map(_entry_model, get_args(annotation))), None)


def _problems(error: ValidationError) -> str:
    found = []
    for problem in error.errors(include_url=False, include_input=False)[:5]:
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in problem["loc"]).lstrip(".")
        words = _WORDS.get(problem["type"])
        found.append(f"`{where}` {str(words).format(**problem.get('ctx', {})) if words else problem['msg']}")
    return "; ".join(dict.fromkeys(found)) + "."


def _holds_control(value: Any) -> bool:
    if isinstance(value, str):
        return _CONTROL.search(value) is not None
    if isinstance(value, list):
        return any(map(_holds_control, value))
    if isinstance(value, BaseModel):
        return any(_holds_control(inner) for _, inner in value)
    return False
