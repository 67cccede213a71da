"""The flow while the disk fills: open work is finished, nothing new is begun."""

from bench import TRACKING, Bench, context
from drivers.protocols import Symbology


def test_with_the_disk_filling_what_is_begun_is_finished_and_no_parcel_is_taken() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.given = context(is_filling=True)
    assert "put.confirmed" in bench.tray("A1")
    parked = Bench()
    parked.badge()
    parked.scan("UNKNOWN-1", symbology=Symbology.CODE128)
    parked.given = context(is_filling=True)
    assert parked.press("1") == []
    assert parked.no == "E62"
    assert parked.scan(TRACKING) == ["scan.read"]
    assert (parked.no, parked.state.parcels) == ("E62", {})
