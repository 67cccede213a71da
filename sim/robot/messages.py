"""What a vehicle publishes: header, state, connection (VDA 5050 2.0, 2.1, 3.0)."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sim.robot.floor import MAP_ID, Xy
from sim.robot.orders import Stop, Track
from sim.robot.words import Words
from sim.site import RobotPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """One message to be published under the vehicle's topic `name`."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(slots=True)
class Headers:
    """Counts headerId per topic; both start again when the vehicle does."""

    place: RobotPlace
    counts: Counter[str] = field(default_factory=Counter)

    def on(self, topic: str, body: Mapping[str, Any], wall: float, version: str) -> bytes:
        """Return the body with the next header of its topic; `wall` in Unix seconds."""
        self.counts[topic] += 1
        at = datetime.fromtimestamp(wall, UTC)
        head = {
            "headerId": self.counts[topic],
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
            "version": version,
            "manufacturer": self.place.manufacturer,
            "serialNumber": self.place.serial,
        }
        return json.dumps({**head, **body}).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One action and how far it came."""

    id: str
    type: str
    status: str
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One entry of `errors`; `references` name what it is about."""

    type: str
    text: str
    references: tuple[tuple[str, str], ...] = ()
    level: str = "WARNING"
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """How the vehicle itself is."""

    xy: Xy
    theta: float | None
    localized: bool
    charge: float
    charging: bool
    loads: tuple[str, ...] | None
    mode: str
    estop: str
    field_violation: bool


def node_states(stops: Sequence[Stop], nodes: Mapping[str, Xy]) -> list[dict[str, Any]]:
    """Return what remains to be reached."""
    return [
        {
            "nodeId": stop.node,
            "sequenceId": stop.sequence,
            "released": stop.released,
            **_where(nodes.get(stop.node, stop.at)),
        }
        for stop in stops
    ]


def edge_states(tracks: Sequence[Track]) -> list[dict[str, Any]]:
    """Return the edges that remain to be driven."""
    return [
        {"edgeId": track.edge, "sequenceId": track.sequence, "released": track.released}
        for track in tracks
    ]


def action_states(deeds: Sequence[Deed], words: Words) -> list[dict[str, Any]]:
    """Return actions and how far they came."""
    return [
        {
            "actionId": deed.id,
            "actionType": deed.type,
            "actionStatus": deed.status,
            **({words.result: deed.result} if deed.result else {}),
        }
        for deed in deeds
    ]


def error_states(faults: Sequence[Fault], version: str) -> list[dict[str, Any]]:
    """Return refusals and faults."""
    return [
        {
            "errorType": fault.type,
            "errorLevel": fault.level,
            "errorDescription": fault.text,
            "errorReferences": [
                {"referenceKey": key, "referenceValue": value} for key, value in fault.references
            ],
            **({"errorHint": fault.hint} if fault.hint and version != "2.0.0" else {}),
        }
        for fault in faults
    ]


def body_state(body: Body, words: Words) -> dict[str, Any]:
    """Return position, power, loads, mode and safety."""
    theta = {} if body.theta is None else {"theta": body.theta}
    position = {"x": body.xy[0], "y": body.xy[1], "mapId": MAP_ID, **theta}
    charge = round(body.charge, 1)
    if words.is_third:
        own: dict[str, Any] = {
            "mobileRobotPosition": {**position, "localized": body.localized},
            "powerSupply": {"stateOfCharge": charge, "charging": body.charging},
            "safetyState": {
                "activeEmergencyStop": body.estop,
                "fieldViolation": body.field_violation,
            },
        }
    else:
        own = {
            "agvPosition": {**position, "positionInitialized": body.localized},
            "batteryState": {"batteryCharge": charge, "charging": body.charging},
            "safetyState": {"eStop": body.estop, "fieldViolation": body.field_violation},
        }
    if body.loads is not None:
        own["loads"] = [{"loadId": load, "loadType": "tray"} for load in body.loads]
    return {**own, "operatingMode": body.mode}


def _where(xy: Xy | None) -> dict[str, Any]:
    if xy is None:
        return {}
    return {"nodePosition": {"x": xy[0], "y": xy[1], "theta": 0.0, "mapId": MAP_ID}}
