"""Every kind of event: the closed union of payloads and the way from a kind to its class."""

from collections.abc import Mapping
from typing import Any, Final

from edge.events.container import (
    ContainerClosed,
    ContainerOpened,
    ContainerReopened,
    ContainerUnitAdded,
    ContainerUnitRemoved,
)
from edge.events.correction import CorrectionMade, VerdictChanged
from edge.events.document import DocumentData
from edge.events.inspection import (
    DangerKind,
    DangerRaised,
    DangerWithdrawn,
    HoldPlaced,
    HoldReleased,
    InspectionAnswered,
    InspectionFinished,
    InspectionMarked,
    InspectionStarted,
    InspectionWithdrawn,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    SlaWarning,
    VerdictMade,
)
from edge.events.mark import MarkCaptured, MarkDispute, MarkRemarkNeeded, MarkReturnReady
from edge.events.move import (
    DiverterChanged,
    DiverterState,
    MoveChanged,
    MovePlanned,
    MoveState,
    PutConfirmed,
    PutOverdue,
    PutWrong,
)
from edge.events.parcel import (
    ClaimReady,
    ParcelArrived,
    ParcelClosed,
    ParcelDamaged,
    ParcelMatched,
    ParcelMissing,
    ParcelOpened,
    ParcelParked,
    ParcelResumed,
    ReturnCompleted,
)
from edge.events.quality import QualityRechecked
from edge.events.scan import ScanRead
from edge.events.station import (
    ConfigActivated,
    ConfigRefused,
    DeviceCommand,
    DeviceProven,
    DeviceState,
    OperatorFeedback,
    OperatorHandover,
    OperatorIn,
    OperatorOut,
    StationJournal,
    StationLocked,
    StationStarted,
    StationStopped,
)
from edge.events.storage import PhotoErased, PhotoLost, StationClock, StationCorrupt, StationDisk
from edge.events.sync import (
    SyncDead,
    SyncReplayed,
    SyncRetired,
    SyncState,
    SyncWaived,
)
from edge.events.unit import (
    PhotoMissing,
    PhotoTaken,
    UnitClosed,
    UnitIdentified,
    UnitLpn,
    UnitMissing,
    UnitOpened,
    UnitParked,
)
from edge.events.upcast import upcast
from edge.records import from_json

Payload = (
    ScanRead
    | ParcelArrived
    | ParcelMatched
    | ParcelDamaged
    | ParcelMissing
    | ParcelOpened
    | ParcelParked
    | ParcelResumed
    | ParcelClosed
    | ReturnCompleted
    | ClaimReady
    | DocumentData
    | UnitOpened
    | UnitIdentified
    | UnitLpn
    | UnitMissing
    | UnitParked
    | UnitClosed
    | MarkCaptured
    | MarkReturnReady
    | MarkRemarkNeeded
    | MarkDispute
    | InspectionStarted
    | InspectionAnswered
    | InspectionMarked
    | InspectionWithdrawn
    | InspectionFinished
    | PhotoTaken
    | PhotoMissing
    | VerdictMade
    | RefundEligible
    | RefundReview
    | RefundBlocked
    | PutConfirmed
    | PutWrong
    | ContainerOpened
    | ContainerUnitAdded
    | ContainerUnitRemoved
    | ContainerClosed
    | ContainerReopened
    | PutOverdue
    | MovePlanned
    | MoveChanged
    | DiverterChanged
    | DangerRaised
    | DangerKind
    | DangerWithdrawn
    | HoldPlaced
    | HoldReleased
    | SlaWarning
    | CorrectionMade
    | VerdictChanged
    | OperatorIn
    | OperatorOut
    | OperatorHandover
    | OperatorFeedback
    | QualityRechecked
    | DeviceState
    | DeviceProven
    | DeviceCommand
    | ConfigActivated
    | ConfigRefused
    | StationJournal
    | StationStarted
    | StationStopped
    | StationLocked
    | StationClock
    | StationDisk
    | StationCorrupt
    | PhotoLost
    | PhotoErased
    | SyncState
    | SyncDead
    | SyncReplayed
    | SyncWaived
    | SyncRetired
)

# One entry a kind on the wire; `unknown` stands for the states of a newer release.
PAYLOADS: Final[Mapping[str, type[Any]]] = (
    {
        kind.KIND: kind
        for kind in Payload.__args__
        if kind not in (MoveChanged, DiverterChanged)  # one class, one kind per state
    }
    | {f"move.{state}": MoveChanged for state in MoveState if state is not MoveState.PLANNED}
    | {f"diverter.{state}": DiverterChanged for state in DiverterState}
)


def kind_of(payload: Payload) -> str:
    """Return the kind on the wire, two tokens: `family.name`."""
    if isinstance(payload, MoveChanged | DiverterChanged):
        return f"{payload.KIND}.{payload.state}"
    return payload.KIND


def read_payload(kind: str, data: Mapping[str, Any], version: int = 1) -> Payload | None:
    """Return the typed payload; None for a kind, or a version of one, of a newer release.

    Raises ValueError when a known kind lacks a required field.
    """
    wanted = PAYLOADS.get(kind)
    if wanted is None:
        return None
    version, data = upcast(kind, version, data)
    if version != wanted.SCHEMA:
        return None
    payload: Payload = from_json(wanted, data)
    return payload
