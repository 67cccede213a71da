"""policy_keys.toml: whose signature puts a policy pack in force. Public keys alone."""

from typing import Final

from edge.settings.files import need_tables, read_toml
from edge.settings.model import PolicyKey, PolicyRole
from edge.settings.problems import Findings, Place
from edge.settings.shape import read_rows

KEYS_FILE: Final = Place(file="policy_keys.toml")


def read_policy_keys(found: Findings) -> tuple[PolicyKey, ...]:
    """Return the keys; without the file or with none in it, packs are taken unsigned.

    One key stands for one person, and no author can be the only approver.
    """
    document = read_toml(KEYS_FILE.file, found, required=False)
    need_tables(document, ("key",), KEYS_FILE, found)
    place = KEYS_FILE.at("key")
    rows = read_rows(PolicyKey, document.get("key", []), place, found)
    keys = tuple(key for _, key in rows)
    found.need_unique([key.public for key in keys], place, "public")
    writers = {key.person for key in keys if PolicyRole.AUTHOR in key.roles}
    approvers = {key.person for key in keys if PolicyRole.APPROVER in key.roles}
    can_work = any(writer != approver for writer in writers for approver in approvers)
    found.need(
        can_work or not keys,
        place,
        "no pack could be approved",
        "an author, and an approver who is another person",
    )
    return keys
