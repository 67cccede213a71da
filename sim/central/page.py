"""The platform's page for a person: counts and the newest events, plain HTML, no script."""

from html import escape
from typing import Final

from sim.central.ledger import Ledger

_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.15rem .8rem .15rem 0;"
    "border-bottom:1px solid #ddd}b.n{font-size:1.6rem;margin-right:2rem}"
)


def page(ledger: Ledger) -> bytes:
    """Return the page."""
    rows = "".join(
        f"<tr><td>{shown.sequence}</td><td>{escape(shown.time[11:23])}</td>"
        f"<td>{escape(shown.kind)}</td><td>{escape(shown.subject[-12:])}</td>"
        f"<td>{escape(shown.text)}</td></tr>"
        for shown in reversed(ledger.newest)
    )
    chain = "unbroken" if ledger.is_chain_ok() else "BROKEN"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="2"><title>Central platform</title>'
        f"<style>{_STYLE}</style></head><body><h1>Central platform</h1>"
        f"<p><b class=n>{ledger.count} events</b><b class=n>{len(ledger.units)} units</b>"
        f"<b class=n>chain {chain}</b>{ledger.repeats} repeats dropped</p>"
        "<table><tr><th>sequence<th>time (UTC)<th>kind<th>subject<th>what</tr>"
        f"{rows}</table></body></html>"
    ).encode()
