"""A robot's factsheet as limits for what is sent to it (VDA 5050 2.1 §7.2, 3.0 §7.10). Pure."""

from collections.abc import Mapping
from typing import Any, Final

from drivers.protocols import Factsheet
from drivers.wire.vda5050.dialect import Dialect, FactsheetNames
from drivers.wire.vda5050.json_values import count, number, rows, table, text, truth, whole

SUPPORT: Final = ("SUPPORTED", "REQUIRED")


def read_factsheet(message: Mapping[str, Any], dialect: Dialect) -> Factsheet:
    """Return its limits; what is missing, odd or zero limits nothing, an empty list neither."""
    names = dialect.factsheet
    limits = table(message, "protocolLimits")
    strings = table(limits, names.strings)
    return Factsheet(
        id_len=_positive(whole(strings, names.id_len)),
        load_id_len=_positive(whole(strings, names.load_id_len)),
        message_len=_positive(whole(strings, names.message_len)),
        nodes_max=_positive(whole(table(limits, names.arrays), "order.nodes")),
        numeric_ids=truth(strings, "idNumericalOnly"),
        min_order_interval_s=number(table(limits, "timing"), names.order_interval),
        load_types=_load_types(message),
        max_weight_kg=_weight(message, names),
        actions=_actions(message, names),
        parameters=_parameters(message),
    )


def _positive(value: int | None) -> int | None:
    """Zero is what robots write that have no limit."""
    return value if value is not None and value > 0 else None


def _load_types(message: Mapping[str, Any]) -> frozenset[str] | None:
    sets = rows(table(message, "loadSpecification"), "loadSets")
    return frozenset(kind for one in sets if (kind := text(one, "loadType"))) or None


def _weight(message: Mapping[str, Any], names: FactsheetNames) -> float | None:
    """The heaviest load of its sets, else what the whole robot bears."""
    sets = rows(table(message, "loadSpecification"), "loadSets")
    weights = [weight for one in sets if (weight := number(one, names.set_weight))]
    bears = number(table(message, "typeSpecification"), names.load_mass)
    return max(weights) if weights else bears or None


def _actions(
    message: Mapping[str, Any], names: FactsheetNames
) -> Mapping[str, frozenset[str]] | None:
    features = table(message, "protocolFeatures")
    listed = {
        kind: _keys(row)
        for row in rows(features, names.actions)
        if (kind := text(row, "actionType"))
    }
    return listed or None


def _keys(action: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(key for row in rows(action, "actionParameters") if (key := text(row, "key")))


def _parameters(message: Mapping[str, Any]) -> Mapping[str, str]:
    features = table(message, "protocolFeatures")
    if not count(features, "optionalParameters"):
        return {}
    return {
        name: support
        for row in rows(features, "optionalParameters")
        if (name := text(row, "parameter")) and (support := text(row, "support")) in SUPPORT
    }
