"""Packs of some owners' goods beside the station's own: which is in force, for whose goods."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from edge.commands.check_config import check
from edge.events import ConfigActivated, ConfigRefused
from edge.feeds.pack_folder import read_pack
from edge.feeds.pack_gate import Proofs
from edge.feeds.pack_owners import OWN_PACK
from edge.service.packs import COPIES, PROOFS, PackError
from market_pack import TERMS, write_market
from policy_kit import default_pack
from policy_station import PolicySite
from seal_kit import Office, write_files
from zoning.pack import load_pack


@pytest.fixture
def site(tmp_path: Path) -> PolicySite:
    return PolicySite.made(tmp_path, Office.opened(tmp_path / "office"), signed=False)


def _packs(site: PolicySite) -> Path:
    return site.config / "packs"


def _proved(site: PolicySite, **given: str) -> Path:
    """Lay a folder beside the station's own that this station's gate has passed before."""
    folder = write_market(_packs(site), **given)
    files = read_pack(folder)
    copies, sha256 = site.data / COPIES, load_pack(files).sha256
    write_files(copies / sha256, files)
    Proofs(folder=copies / PROOFS, cameras=None).add(sha256)
    return folder


async def _told(site: PolicySite) -> list[tuple[str, str, str]]:
    async with site.started() as station:
        news = [*station.packs.news]
    return [
        (one.what, one.id, "" if isinstance(one, ConfigActivated) else one.error)
        for one in news
        if isinstance(one, ConfigActivated | ConfigRefused)
    ]


async def _serving(site: PolicySite) -> Mapping[str, str]:
    async with site.started() as station:
        return station.receiving.state.serving


async def test_a_folder_comes_in_force_stays_and_ends_with_its_folder(site: PolicySite) -> None:
    write_market(_packs(site))
    assert ("tenant", "big-market", "") in await _told(site)
    assert list(await _serving(site)) == ["big-market"]
    assert await _told(site) == []
    for path in sorted((_packs(site) / "big-market").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert await _told(site) == [("tenant", "big-market", "")]
    assert await _serving(site) == {}


async def test_a_signed_pack_comes_through_the_inbox_and_is_held_against_its_own_kind(
    tmp_path: Path,
) -> None:
    office = Office.opened(tmp_path / "office")
    site = PolicySite.made(tmp_path, office, signed=True)
    files = read_pack(write_market(tmp_path / "theirs"))
    async with site.started() as station:
        site.drop(office.sealed("m", files, default_pack()), "m")
        await station.inbox.take_all()
        assert station.receiving.state.serving == {"big-market": load_pack(files).sha256}
        assert station.receiving.state.active == default_pack().sha256
    assert [one.what for one in site.policy()] == ["policy", "tenant"]


async def test_a_folder_that_names_no_tenant_lies_there_without_effect(site: PolicySite) -> None:
    write_market(_packs(site), terms='format = "terms/1"\n')
    assert [what for what, _, _ in await _told(site)] == ["policy"]


async def test_a_refused_change_leaves_the_version_in_force(site: PolicySite) -> None:
    folder = _proved(site)
    before = await _serving(site)
    terms = (folder / "terms.toml").read_text(encoding="utf-8")
    broken = terms.replace("[0-9A-Z]{8}", "([0-9A-Z]+)+")
    (folder / "terms.toml").write_text(broken, encoding="utf-8")
    ((what, name, error),) = await _told(site)
    assert (what, name) == ("tenant", "big-market")
    assert "a repeat inside a repeat" in error
    assert await _serving(site) == before


async def test_two_packs_never_claim_the_same_goods(site: PolicySite) -> None:
    _proved(site)
    write_market(_packs(site), name="other")
    told = await _told(site)
    assert ("tenant", "other", "big-market is for the same goods: tenants big-market") in told
    assert list(await _serving(site)) == ["big-market"]
    assert "big-market is for the same goods" in str([str(one) for one in check(site.config)])


async def test_the_station_s_own_pack_is_everybody_s(site: PolicySite) -> None:
    (site.config / "packs" / "default" / "terms.toml").write_text(TERMS, encoding="utf-8")
    with pytest.raises(PackError, match="names no tenants"):
        await _told(site)
    assert OWN_PACK in str([str(one) for one in check(site.config)])


async def test_a_lost_copy_ends_the_pack_and_starts_the_station(site: PolicySite) -> None:
    folder = _proved(site)
    (sha256,) = (await _serving(site)).values()
    (site.data / "packs" / sha256).rename(site.data / "gone")
    (folder / "pack.toml").unlink()
    assert await _told(site) == [("tenant", "big-market", "")]
