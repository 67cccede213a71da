"""Work region of a container: whose goods, how many, and what may be done with it."""

from edge.terminal.cells import Line, line
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, WARNING
from edge.views import ContainerWork


def container(work: ContainerWork, pen: Pen) -> list[Line]:
    """Return what is in the container, and one sentence of what comes next."""
    disposition = pen.texts.word("disp", work.disposition)
    head = line(
        " " * INDENT, (work.no, BOLD), "   ", pen.zone(work.zone), f" {disposition}", "   ",
        (pen.say("ui.container_owner", tenant=work.tenant), FAINT),
    )  # fmt: skip
    lines = [head, BLANK, *pen.text("ui.container_units", BOLD, n=work.n)]
    if work.most and not work.is_closed:
        lines += pen.text("ui.container_of", FAINT, n=work.n, most=work.most)
    if work.goods_class:
        lines += pen.text("ui.container_class", WARNING, what=f"class.{work.goods_class}")
    if work.weight_g:
        lines += pen.text("ui.container_weight", g=work.weight_g)
    if work.is_closed:
        return [*lines, BLANK, *pen.text("ui.container_shut", BOLD)]
    if work.weighs:
        asked = pen.text("ui.container_weigh", BOLD)
        return [*lines, BLANK, *asked, line(" " * INDENT, (f" {work.typed}_ ", WARNING))]
    return [*lines, BLANK, *pen.text("ui.container_close", BOLD)]
