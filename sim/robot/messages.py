"""What a vehicle publishes: headers, state, connection, factsheet (VDA 5050 2.1)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sim.robot.orders import Fault, Stop, Track
from sim.site import RobotPlace

MAP_ID: Final = "hall"
LENGTH_M: Final = 0.9
WIDTH_M: Final = 0.6


@dataclass(slots=True)
class Headers:
    """Counts headerId per topic."""

    place: RobotPlace
    counts: Counter[str] = field(default_factory=Counter)

    def on(self, topic: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body with the next header of its topic."""
        self.counts[topic] += 1
        now = datetime.now(UTC)
        return {
            "headerId": self.counts[topic],
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
            "version": self.place.version,
            "manufacturer": self.place.manufacturer,
            "serialNumber": self.place.serial,
            **body,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One action and how far it came."""

    id: str
    type: str
    status: str
    result: str = ""


def node_states(
    stops: Sequence[Stop], nodes: Mapping[str, tuple[float, float]]
) -> list[dict[str, Any]]:
    """Return what remains to be reached."""
    return [
        {
            "nodeId": stop.node,
            "sequenceId": stop.sequence,
            "released": stop.released,
            "nodePosition": _position(nodes[stop.node]),
        }
        for stop in stops
    ]


def edge_states(tracks: Sequence[Track]) -> list[dict[str, Any]]:
    """Return the edges that remain to be driven."""
    return [
        {"edgeId": track.edge, "sequenceId": track.sequence, "released": track.released}
        for track in tracks
    ]


def action_states(deeds: Sequence[Deed]) -> list[dict[str, Any]]:
    """Return every action that is known, instant ones too."""
    return [
        {
            "actionId": deed.id,
            "actionType": deed.type,
            "actionStatus": deed.status,
            **({"resultDescription": deed.result} if deed.result else {}),
        }
        for deed in deeds
    ]


def error_states(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Return refusals; they stay until an order is accepted."""
    return [
        {
            "errorType": fault.type,
            "errorLevel": "WARNING",
            "errorDescription": fault.text,
            "errorReferences": [
                {"referenceKey": key, "referenceValue": value} for key, value in fault.references
            ],
        }
        for fault in faults
    ]


def place_state(
    xy: tuple[float, float], *, charge: float, charging: bool, load: str | None
) -> dict[str, Any]:
    """Return position, battery, loads and safety."""
    return {
        "agvPosition": {**_position(xy), "theta": 0.0, "positionInitialized": True},
        "loads": [] if load is None else [{"loadId": load, "loadType": "tray"}],
        "batteryState": {"batteryCharge": round(charge, 1), "charging": charging},
        "operatingMode": "AUTOMATIC",
        "safetyState": {"eStop": "NONE", "fieldViolation": False},
    }


def factsheet() -> dict[str, Any]:
    """Return what this vehicle can do."""
    return {
        "typeSpecification": {
            "seriesName": "bench-cart",
            "agvKinematic": "DIFF",
            "agvClass": "CARRIER",
            "maxLoadMass": 30.0,
            "localizationTypes": ["NATURAL"],
            "navigationTypes": ["VIRTUAL_LINE_GUIDED"],
        },
        "physicalParameters": {
            "speedMin": 0.1,
            "speedMax": 1.5,
            "accelerationMax": 1.0,
            "decelerationMax": 1.0,
            "heightMax": 1.2,
            "width": WIDTH_M,
            "length": LENGTH_M,
        },
        "protocolLimits": {
            "maxStringLens": {"idLen": 64, "loadIdLen": 64, "idNumericalOnly": False},
            "maxArrayLens": {"order.nodes": 64, "order.edges": 63},
            "timing": {"minOrderInterval": 1.0, "minStateInterval": 0.0},
        },
        "protocolFeatures": {"optionalParameters": [], "agvActions": _abilities()},
        "agvGeometry": {},
        "loadSpecification": {"loadSets": [{"setName": "tray", "loadType": "tray"}]},
    }


def _abilities() -> list[dict[str, Any]]:
    parameters = [
        {"key": key, "valueDataType": "STRING", "isOptional": True}
        for key in ("stationType", "stationName", "loadType", "loadId", "lhd")
    ]
    instant = ("stateRequest", "factsheetRequest", "cancelOrder", "startPause", "stopPause")
    return [
        {"actionType": name, "actionScopes": ["NODE"], "actionParameters": parameters}
        for name in ("pick", "drop")
    ] + [{"actionType": name, "actionScopes": ["INSTANT"]} for name in instant]


def _position(xy: tuple[float, float]) -> dict[str, Any]:
    return {"x": xy[0], "y": xy[1], "mapId": MAP_ID}
