"""Arguments of tools: which deviations are accepted, and the messages for all others."""

import json
import re
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, NoDefault
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ModelSchema, NullableSchema, WithDefaultSchema

from shopmcp.errors import InvalidArguments

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,9}\s*")


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
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


# Both go last inside Annotated[...]: a bound written after them is enforced but not published in the schema.
Whole = BeforeValidator(_whole)
"""A whole number: `"2"` and 2.0 are 2; true, 2.5, `""`, null and 1e30 are refused."""
Listed = BeforeValidator(_listed)
"""A list, which some hosts send as its JSON text."""


class NeverNull:
    """Marks, inside Annotated[...], an optional argument for which null is an error; elsewhere null means absent."""


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
        self.model: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="ignore"), **definitions)
        self._names = self.model.model_fields.keys()
        # Arguments that are lists of objects, with what such an object may have.
        self._entries = {
            field: entry.model_fields.keys()
            for field, info in self.model.model_fields.items()
            if (entry := _entry_model(info.annotation)) is not None
        }
        self._never_null = {
            field
            for field, info in self.model.model_fields.items()
            if info.is_required() or any(isinstance(mark, NeverNull) for mark in info.metadata)
        }

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values by name, defaults included; unknown names are left out.

        Raises:
            InvalidArguments: With each problem in words; the caller's values are never repeated.
        """
        names = self._names
        known = {n: v for n, v in given.items() if n in names and (v is not None or n in self._never_null)}
        try:
            values = self.model.model_validate(known)
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
        unknown = [ascii(name)[1:-1][:40] for name in given.keys() - self._names]
        for field, names in self._entries.items():
            if field in given and isinstance(entries := _listed(given[field]), list):
                unknown += (
                    f"{field}[{number}].{ascii(name)[1:-1][:40]}"
                    for number, entry in enumerate(entries)
                    if isinstance(entry, Mapping)
                    for name in entry.keys() - names
                )
        return tuple(sorted(unknown)[:5])

    @property
    def schema(self) -> dict[str, Any]:
        """The published input schema."""
        return self.model.model_json_schema(schema_generator=_InputSchema)


def output_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a tool's structured answer, with a refusal as its other arm.

    The TypeScript SDK 1.x validates refusals against the output schema too.
    """
    schema = model.model_json_schema(mode="serialization", schema_generator=_Untitled)
    schema["properties"] = {**schema["properties"], "error": _ERROR_SCHEMA}
    schema["anyOf"] = [{"required": schema.pop("required", [])}, {"required": ["error"]}]
    return schema


_ERROR_SCHEMA = {
    "type": "object",
    "description": "Present instead of everything else when the call was refused.",
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string", "description": "What is wrong."},
        "fix": {"type": "string", "description": "What to do instead."},
        "candidates": {"type": "array", "description": "What may have been meant.", "items": {"type": "object"}},
        "retry_after": {"type": "integer", "description": "Seconds to wait before the same call is repeated."},
    },
    "required": ["code", "message", "fix", "candidates"],
}


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
