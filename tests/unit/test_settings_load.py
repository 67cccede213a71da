"""A configuration folder: good as shipped, and every mistake told with file, key and cure."""

import time
from pathlib import Path

import pytest

from config_folder import change, make_config
from drivers.protocols import NodeId
from edge.commands.init import PROFILES
from edge.floor import LegKind
from edge.settings.load import SettingsError, load


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return make_config(tmp_path)


def problems_of(config: Path) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(config)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_shipped_profile_is_good(tmp_path: Path, profile: str) -> None:
    settings = load(make_config(tmp_path, profile), data=tmp_path / "data")
    assert settings.station.languages == ("ru", "en")
    assert len(settings.site_key) == 32
    assert set(settings.floor.routes) == {"resale", "repair", "disposal", "hold", "hazmat"}


def test_the_demo_floor_is_read_whole(config: Path) -> None:
    settings = load(config)
    floor = settings.floor
    assert [str(robot.id) for robot in floor.robots] == ["r1", "r2"]
    assert len(floor.edges) == 12
    assert floor.nodes[NodeId("DOCK")].params["stationName"] == "DOCK"
    legs = floor.routes["resale"]
    assert [leg.kind for leg in legs] == [LegKind.CONVEYOR, LegKind.ROBOT]
    assert (legs[0].carrier, legs[0].lane, legs[0].end) == ("c1", 1, "HO1")
    assert (legs[1].carrier, legs[1].start, legs[1].end) == ("any", "HO1", "Z-RES")


def test_robots_get_station_and_profile_from_the_other_files(config: Path) -> None:
    devices = {str(device.name): device for device in load(config).devices}
    robots = devices["robots"].settings
    assert robots.station == "ST-01"
    assert [unit.serial for unit in robots.robots] == ["A-1", "A-2"]
    assert robots.robots[0].profile.interface == "uagv"
    assert devices["hand-1"].may >= {"badges", "commands"}
    assert "defect" in devices["top"].roles


def test_a_robot_may_belong_to_another_station_and_lift_only_so_much(config: Path) -> None:
    more = 'home = "P1", owner = "ST-02", carries = ["tote"], max_kg = 12.5, enabled = false,'
    change(config, "floor.toml", 'home = "P1",', more)
    first, second = load(config).floor.robots
    assert (first.owner, first.carries, first.max_kg) == ("ST-02", frozenset({"tote"}), 12.5)
    assert (first.enabled, second.enabled, second.carries) == (False, True, frozenset())


def test_a_lane_without_a_name_is_a_place_with_room(config: Path) -> None:
    change(config, "floor.toml", "place = [", 'place = [\n  { id = "lane-3", capacity = 4 },')
    assert load(config).floor.places["lane-3"] == 4


def test_a_reader_at_a_place_confirms_what_a_robot_brings_there(config: Path) -> None:
    change(config, "floor.toml", 'to = "Z-RES" }]', 'to = "Z-RES", scan = true }]')
    change(config, "devices.toml", "[scanner.hand-1]", '[scanner.hand-1]\nplace = "Z-RES"')
    settings = load(config)
    assert [leg.scan for leg in settings.floor.routes["resale"]] == [False, True]
    assert {str(one.name): one.place for one in settings.devices}["hand-1"] == "Z-RES"


def test_folder_feeds_lie_in_the_data_directory(tmp_path: Path) -> None:
    settings = load(make_config(tmp_path, "minimal"), data=tmp_path / "data")
    folders = {feed.name: feed.folder for feed in settings.feeds}
    assert folders["returns"] == tmp_path / "data" / "inbox" / "returns"
    assert settings.targets == ()


def test_digest_follows_the_text(config: Path) -> None:
    before = load(config).digest
    change(config, "station.toml", "lock_s = 300", "lock_s = 301")
    assert load(config).digest != before


def test_the_site_key_is_never_printed(config: Path) -> None:
    settings = load(config)
    assert repr(settings.site_key) not in repr(settings)


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("station.toml", "dup_s =", "dup_ms =", "station.toml: terminal.dup_ms: unknown key: did"),
        ("station.toml", 'site = "demo"', 'site = "de mo"', "station.toml: site: 'de mo' does"),
        (
            "station.toml",
            "https://returns.example.com",
            "http://returns",
            "station.toml: namespace: 'http://returns' does not fit: https://host",
        ),
        ("station.toml", '["ru", "en"]', '["ru", "de"]', "station.toml: languages: unknown lang"),
        ("station.toml", "budget_mb = 2048", "budget_mb = 1", "station.toml: journal.budget_mb: 1"),
        (
            "station.toml",
            'pack = "default"',
            'pack = "nosuch"',
            "station.toml: pack: there is no packs/nosuch/pack.toml: default",
        ),
        ("devices.toml", '"line"', "3", "devices.toml: scanner.hand-1.framing: 3 does not fit"),
        (
            "devices.toml",
            '"scanner.serial_line"',
            '"camera.worker"',
            "devices.toml: scanner.hand-1.driver: 'camera.worker' is no driver of a scanner",
        ),
        (
            "devices.toml",
            'may = ["items", "parcels"]',
            'may = ["items", "badges"]',
            "devices.toml: camera.top.may: 'badges' is not allowed here: items, parcels",
        ),
        (
            "devices.toml",
            "[camera.top]",
            "[camera.hand-1]",
            "devices.toml: device 'hand-1' stands more than once",
        ),
        (
            "devices.toml",
            "[conveyor.c1]",
            "[conveyor.c2]",
            "floor.toml: route resale.conveyor: there is no conveyor 'c1': c2",
        ),
        ("devices.toml", "lanes = 3", "lanes = 2", "floor.toml: route disposal.lane: c1 has no"),
        (
            "devices.toml",
            "[robots]",
            "[robot.x]",
            "devices.toml: robots: missing, but floor.toml lists robots",
        ),
        ("devices.toml", "[robots]", '[robots]\nstation = "x"', "devices.toml: robots.station: un"),
        (
            "devices.toml",
            "[robots]",
            '[robots]\npassword_file = "no"',
            "devices.toml: robots.password_file:",
        ),
        (
            "floor.toml",
            'zone = "hold", fixed = true',
            'zone = "hold", fixed = true, container = "Q"',
            "floor.toml: tray[19].container: there is no container 'Q': a series of the list",
        ),
        (
            "floor.toml",
            'zone = "hold", fixed = true',
            'zone = "hold", fixed = true, put_without_scan = true',
            "floor.toml: tray[19].put_without_scan: does not fit: only where lane is given",
        ),
        (
            "floor.toml",
            "tray = [",
            'container = [{ series = "k" }]\ntray = [',
            "floor.toml: container[1].series: 'k' does not fit: 1 to 3 of A-Z",
        ),
        (
            "floor.toml",
            "tray = [",
            'container = [{ series = "K", class = "glass" }]\ntray = [',
            "floor.toml: container[1].class: 'glass' does not fit: hazmat, sharp",
        ),
        (
            "floor.toml",
            "tray = [",
            'container = [{ series = "K", units = 0 }]\ntray = [',
            "floor.toml: container[1].units: 0 is out of range: units, at least 1",
        ),
        (
            "floor.toml",
            "tray = [",
            'container = [{ series = "K", kg = 0 }]\ntray = [',
            "floor.toml: container[1].kg: 0.0 is out of range: kilograms, above 0",
        ),
        (
            "floor.toml",
            "tray = [",
            'container = [{ series = "K" }]\ntray = [{ id = "K00001", zone = "hold" },',
            "floor.toml: tray[1].id: 'K00001' is a number of a container: a name that no series",
        ),
        (
            "floor.toml",
            "tray = [",
            'container = [{ series = "K" }]\n'
            'tray = [{ id = "Z2", zone = "hazmat", container = "K" },',
            "floor.toml: tray[1].container: dangerous goods in a container that is not for them",
        ),
        ("floor.toml", 'home = "P1"', 'home = "P9"', "floor.toml: robot[1].home: there is no node"),
        (
            "floor.toml",
            'profile = "demo-2.1"',
            'profile = "nosuch"',
            "floor.toml: robot r1.profile: there is no profiles/nosuch.toml: one of demo-2.0, ",
        ),
        ("floor.toml", 'from = "P1"', 'from = "P7"', "floor.toml: edge[1].from: there is no node"),
        (
            "floor.toml",
            '{ from = "X", to = "Z-RES", length = 4.5 }',
            '{ from = "Z-RES", to = "X", length = 4.5, oneway = true }',
            "floor.toml: route[1].legs[2]: no way leads from HO1 to Z-RES",
        ),
        ("floor.toml", 'id = "r2"', 'id = "r1"', "floor.toml: robot: id 'r1' stands more than"),
        (
            "floor.toml",
            "lane = 3 }",
            "lane = 3, scan = true }",
            "floor.toml: route disposal.scan: c1 has a lane sensor: no scan",
        ),
        (
            "floor.toml",
            'legs = [{ hand = true }] },\n  { zone = "hazmat"',
            'legs = [{ hand = true, scan = true }] },\n  { zone = "hazmat"',
            "floor.toml: route[4].legs[1].scan: a hand needs none",
        ),
        (
            "devices.toml",
            "[scanner.hand-1]",
            '[scanner.hand-1]\nplace = "lane-3"',
            "devices.toml: scanner.hand-1.place: nothing that is scanned arrives at 'lane-3'",
        ),
        (
            "floor.toml",
            'home = "P1", ',
            'home = "P1", max_kg = 0.0, ',
            "floor.toml: robot[1].max_kg: 0.0 is out of range",
        ),
        ("floor.toml", 'id = "A2"', 'id = "A1"', "floor.toml: tray: id 'A1' stands more than once"),
        ("floor.toml", 'id = "A2"', 'id = "a 2"', "floor.toml: tray[2].id: 'a 2' does not fit"),
        (
            "floor.toml",
            'zone = "hazmat", fixed',
            'zone = "hold", fixed',
            "floor.toml: tray: zone hazmat has no tray",
        ),
        (
            "floor.toml",
            '{ zone = "hazmat", legs = [{ hand = true }] }',
            '{ zone = "hazmat", legs = [{ conveyor = "c1", lane = 3 }] }',
            "floor.toml: route[5].legs: dangerous goods on a device: zone hazmat goes by hand",
        ),
        (
            "floor.toml",
            '{ zone = "repair", legs',
            '{ zone = "resale", legs',
            "floor.toml: route: zone repair has no route",
        ),
        (
            "floor.toml",
            '{ robot = "any", from = "HO1"',
            '{ robot = "any", from = "DOCK"',
            "floor.toml: route[1].legs[2].from: 'DOCK' is not where leg 1 ends: 'HO1'",
        ),
        (
            "floor.toml",
            '{ robot = "any", from = "DOCK"',
            '{ robot = "r9", from = "DOCK"',
            "floor.toml: route[2].legs[1].robot: there is no robot 'r9': one of any, r1, r2",
        ),
        ("floor.toml", "accept = 5", "accept = 0", "floor.toml: timers.accept: 0.0 is out of"),
        ("floor.toml", "capacity = 1", "capacity = 0", "floor.toml: place[1].capacity: 0 is out"),
        ("people.toml", 'no = "0502"', 'no = "0417"', "people.toml: person: no '0417' stands more"),
        ("people.toml", 'role = "operator"', 'role = "boss"', "people.toml: person[1].role: unkno"),
        (
            "people.toml",
            'ru = "Иванова", ',
            "",
            "people.toml: person[1].name.ru: missing: a name",
        ),
        (
            "sync.toml",
            '"http-batch"',
            '"fax"',
            "sync.toml: target[1].kind: 'fax' does not fit: one of http-batch, epcis",
        ),
        ("sync.toml", "http://", "", "sync.toml: target[1].url: '127.0.0.1:8080/events' is no"),
        ("sync.toml", "durable = true", 'gln = "1"', "sync.toml: target[1].gln: not for this kind"),
        (
            "sync.toml",
            "durable = true",
            'gln = "4601234000009"',
            "sync.toml: target[1].gln: '4601234000009' is no GLN",
        ),
        ("sync.toml", "durable = true", 'gln = "460"', "sync.toml: target[1].gln: '460' is no GLN"),
        ("sync.toml", "durable = true", "durable = false", "sync.toml: target: no target is dur"),
        ("sync.toml", '"scan.*"', '"scan *"', "sync.toml: target[1].events[2]: 'scan *' is no"),
        ("sync.toml", 'name = "items"', 'name = "parts"', "sync.toml: feed[2].name: unknown feed"),
        ("sync.toml", 'name = "items"', 'name = "returns"', "sync.toml: feed: name 'returns' sta"),
        ("sync.toml", 'kind = "http" ', 'kind = "folder" ', "sync.toml: feed[1].url: not for kind"),
        ("barcodes.toml", 'name = "order"', 'name = "rma"', "barcodes.toml: number: name 'rma' st"),
        ("barcodes.toml", "ORD-[0-9A-Z]", "ORD-[0-9A-Z", "barcodes.toml: number[3].regex: unterm"),
        ("profiles/demo-2.1.toml", "free_nav", "free_nva", "profiles/demo-2.1.toml: free_nva: unk"),
    ],
)
def test_each_mistake_is_told_with_its_place(
    config: Path, file: str, old: str, new: str, problem: str
) -> None:
    change(config, file, old, new)
    told = problems_of(config)
    assert any(line.startswith(problem) for line in told), "\n".join(told)


def test_all_problems_of_all_files_come_together(config: Path) -> None:
    change(config, "station.toml", "dup_s =", "dup_ms =")
    change(config, "floor.toml", 'home = "P1"', 'home = "P9"')
    change(config, "sync.toml", '"http-batch"', '"fax"')
    files = {line.partition(":")[0] for line in problems_of(config)}
    assert files >= {"station.toml", "floor.toml", "sync.toml"}


def test_broken_toml_is_one_problem_and_the_rest_is_still_read(config: Path) -> None:
    change(config, "people.toml", "[[person]]", "[[person")
    change(config, "sync.toml", '"http-batch"', '"fax"')
    told = problems_of(config)
    assert any(line.startswith("people.toml: no TOML (") for line in told)
    assert any(line.startswith("sync.toml: target[1].kind") for line in told)


def test_a_missing_file_and_a_stranger_are_problems(config: Path) -> None:
    (config / "sync.toml").unlink()
    (config / "device.toml").write_text("")
    told = problems_of(config)
    assert "sync.toml: the file is missing: see `receiving-edge init`" in told
    assert any(
        line.startswith("device.toml: unknown file: allowed are station.toml,") for line in told
    )


def test_no_folder_at_all_is_one_problem(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / "nowhere")
    assert "no such folder" in problem


@pytest.mark.parametrize(
    ("length", "mode", "problem"),
    [
        (31, 0o600, "station.toml: site_key_file: 31 bytes long: exactly 32 random bytes"),
        (32, 0o644, "station.toml: site_key_file: mode 0644: mode 0600: nobody else may read it"),
    ],
)
def test_a_weak_site_key_is_refused(config: Path, length: int, mode: int, problem: str) -> None:
    key = config / "site.key"
    key.write_bytes(bytes(length))
    key.chmod(mode)
    assert problems_of(config) == [problem]


def test_without_a_site_key_nothing_starts(config: Path) -> None:
    (config / "site.key").unlink()
    (problem,) = problems_of(config)
    assert problem.startswith("station.toml: site_key_file:")


def previous_key(config: Path, key: bytes, lines: str) -> None:
    (config / "old.key").write_bytes(key)
    (config / "old.key").chmod(0o600)
    change(config, "station.toml", "site_key_file", f"{lines}\nsite_key_file")


PREVIOUS = 'previous_key_file = "old.key"\nprevious_key_until = '


def test_the_previous_site_key_counts_to_the_end_of_its_day(config: Path) -> None:
    previous_key(config, bytes(32), f"{PREVIOUS}2027-01-31")
    settings = load(config)
    assert settings.site_keys == (settings.site_key, bytes(32))
    assert settings.previous_until_ms == time.mktime((2027, 2, 1, 0, 0, 0, 0, 0, -1)) * 1000
    assert repr(bytes(32)) not in repr(settings)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('previous_key_file = "old.key"', "previous_key_until: half of a pair"),
        ("previous_key_until = 2027-01-31", "previous_key_until: half of a pair"),
        (f'{PREVIOUS}"2027-01-31"', "'2027-01-31' does not fit: a date, as 2027-01-31"),
        (f"{PREVIOUS}2027-01-31T00:00:00Z", "does not fit: a date, as 2027-01-31"),
        (f"{PREVIOUS}2027-01-31", "previous_key_file: 31 bytes long"),
    ],
)
def test_half_a_previous_key_is_refused(config: Path, lines: str, problem: str) -> None:
    previous_key(config, bytes(31), lines)
    told = problems_of(config)
    assert [one for one in told if problem in one] == told


def test_the_site_key_is_not_its_own_predecessor(config: Path) -> None:
    previous_key(config, (config / "site.key").read_bytes(), f"{PREVIOUS}2027-01-31")
    (problem,) = problems_of(config)
    assert problem.startswith("station.toml: previous_key_file: the site key itself")


def test_hold_needs_no_route_of_its_own(config: Path) -> None:
    change(config, "floor.toml", '{ zone = "hold", legs = [{ hand = true }] },', "")
    (leg,) = load(config).floor.routes["hold"]
    assert leg.kind is LegKind.HAND


def test_secrets_are_found_beside_the_configuration(config: Path) -> None:
    (config / "mqtt.password").write_text("secret\n")
    change(config, "devices.toml", "[robots]", '[robots]\npassword_file = "mqtt.password"')
    devices = {str(device.name): device for device in load(config).devices}
    assert devices["robots"].settings.password_file == str(config / "mqtt.password")


def test_a_configuration_without_robots_and_belts_is_read(tmp_path: Path) -> None:
    settings = load(make_config(tmp_path, "minimal"))
    assert settings.floor.robots == ()
    assert all(leg.kind is LegKind.HAND for legs in settings.floor.routes.values() for leg in legs)
