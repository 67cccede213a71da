"""What this vehicle can do, in the words of its version (2.0 and 2.1 alike, 3.0 renamed)."""

from typing import Any, Final

from sim.robot.words import Words

LENGTH_M: Final = 0.9
WIDTH_M: Final = 0.6
LOAD_KG: Final = 30.0
ID_LEN: Final = 64
KEYS: Final = ("stationType", "stationName", "loadType", "loadId", "lhd")
INSTANT: Final = ("stateRequest", "factsheetRequest", "cancelOrder", "startPause", "stopPause")


def factsheet(words: Words, *, numeric: bool, interval_s: float = 1.0) -> dict[str, Any]:
    """Return the factsheet's body; `numeric` = ids hold digits only."""
    said = _third if words.is_third else _second
    return said(numeric=numeric, interval_s=interval_s)


def _second(*, numeric: bool, interval_s: float) -> dict[str, Any]:
    return {
        "typeSpecification": {
            "seriesName": "bench-cart",
            "agvKinematic": "DIFF",
            "agvClass": "CARRIER",
            "maxLoadMass": LOAD_KG,
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
            "maxStringLens": {"idLen": ID_LEN, "loadIdLen": ID_LEN, "idNumericalOnly": numeric},
            "maxArrayLens": {"order.nodes": 64, "order.edges": 63},
            "timing": {"minOrderInterval": interval_s, "minStateInterval": 0.0},
        },
        "protocolFeatures": {"optionalParameters": [], "agvActions": _abilities()},
        "agvGeometry": {},
        "loadSpecification": {"loadSets": [{"setName": "tray", "loadType": "tray"}]},
    }


def _third(*, numeric: bool, interval_s: float) -> dict[str, Any]:
    return {
        "typeSpecification": {
            "seriesName": "bench-cart",
            "mobileRobotKinematics": "DIFFERENTIAL",
            "mobileRobotClass": "CARRIER",
            "maximumLoadMass": LOAD_KG,
            "localizationTypes": ["NATURAL"],
            "navigationTypes": ["VIRTUAL_LINE_GUIDED"],
        },
        "physicalParameters": {
            "minimumSpeed": 0.1,
            "maximumSpeed": 1.5,
            "maximumAcceleration": 1.0,
            "maximumDeceleration": 1.0,
            "minimumHeight": 1.2,
            "maximumHeight": 1.2,
            "width": WIDTH_M,
            "length": LENGTH_M,
        },
        "protocolLimits": {
            "maximumStringLengths": {
                "maximumIdLength": ID_LEN,
                "maximumLoadIdLength": ID_LEN,
                "idNumericalOnly": numeric,
            },
            "maximumArrayLengths": {"order.nodes": 64, "order.edges": 63},
            "timing": {"minimumOrderInterval": interval_s, "minimumStateInterval": 0.0},
        },
        "protocolFeatures": {
            "optionalParameters": [],
            "mobileRobotActions": [
                {**ability, "pauseAllowed": True, "cancelAllowed": False}
                for ability in (*_abilities(), *_triggers())
            ],
        },
        "mobileRobotGeometry": {},
        "loadSpecification": {"loadSets": [{"setName": "tray", "loadType": "tray"}]},
    }


def _abilities() -> list[dict[str, Any]]:
    parameters = [{"key": key, "valueDataType": "STRING", "isOptional": True} for key in KEYS]
    return [
        {"actionType": name, "actionScopes": ["NODE"], "actionParameters": parameters}
        for name in ("pick", "drop")
    ] + [{"actionType": name, "actionScopes": ["INSTANT"]} for name in INSTANT]


def _triggers() -> list[dict[str, Any]]:
    kinds = [{"key": "triggerType", "valueDataType": "ARRAY"}]
    return [
        {"actionType": "waitForTrigger", "actionScopes": ["NODE"], "actionParameters": kinds},
        {"actionType": "trigger", "actionScopes": ["INSTANT"]},
    ]
