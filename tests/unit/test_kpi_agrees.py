"""Two ways to every key figure: the functions over the journal, SQL over its exported segments."""

from pathlib import Path

import pytest

from kpi_trial import differences


@pytest.mark.parametrize("seed", [1, 2])
async def test_functions_and_sql_say_the_same_of_every_figure(seed: int, tmp_path: Path) -> None:
    found = await differences(tmp_path, units=250, seed=seed, parcels_a_day=40)
    assert found.figures > 130
    assert not found.wrong
