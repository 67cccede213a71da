"""What a monitor can read of a station: names, help and buckets of every measure, in one place.

Values are set where they arise, from any thread. No operator, unit or return is ever a label.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

PREFIX: Final = "receiving_edge"
# Seconds: a commit takes a tenth of a millisecond on a good disk, a tenth of a second on a bad one.
QUICK_S: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
SLOW_S: Final = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, 259200.0)
GROUPS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class QuickHistogram(Collector):
    """A histogram that costs a commit next to nothing: one writer at a time, no lock.

    The library's own takes some microseconds a value. A reader may be one value behind.
    """

    def __init__(self, name: str, text: str, buckets: tuple[float, ...]) -> None:
        self._name = name
        self._text = text
        self._buckets = buckets
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value; who has the writer's turn calls it."""
        self._counts[bisect_left(self._buckets, value)] += 1
        self._sum += value

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Return what a monitor reads."""
        bounds = [*(f"{float(one)}" for one in self._buckets), "+Inf"]
        totals = list(zip(bounds, map(float, accumulate(self._counts)), strict=True))
        family = HistogramMetricFamily(self._name, self._text)
        family.add_metric([], totals, self._sum)
        yield family


class Metrics:
    """The measures of one station, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._journal()
        self._targets()
        self._station()
        self._moves()

    def _journal(self) -> None:
        self.events = self._counter("events", "Events committed.", "kind")
        self.commit_s = self._quick("commit_seconds", "One transaction, flush included.", QUICK_S)
        self.group = self._quick("commit_group_events", "Events a transaction.", GROUPS)
        self.checkpoint_s = self._histogram("checkpoint_seconds", "Copying the log back.")
        self.sequence = self._gauge("journal_sequence", "Sequence of the newest event.")
        self.journal_bytes = self._gauge("journal_bytes", "Size of the journal's file.")
        self.wal_bytes = self._gauge("wal_bytes", "Size of the journal's write-ahead log.")
        self.disk_free = self._gauge("disk_free_bytes", "Room left where the journal lies.")
        self.disk_level = self._gauge("disk_level", "0 normal, 1 warn, 2 high, 3 full.")
        self.chain_ok = self._gauge("chain_ok", "1 while no stored event was found altered.")
        self.scrubbed = self._gauge("scrub_sequence", "Newest sequence that was proved again.")
        self.corrupt = self._counter("corrupt_events", "Stored events that were found altered.")

    def _targets(self) -> None:
        self.pending = self._gauge("outbox_pending", "Events a target has not got.", "target")
        self.oldest_s = self._gauge("outbox_oldest_seconds", "Age of the oldest of them.", "target")
        self.dead = self._gauge("dead_letters", "Open dead letters.", "target")
        self.target_state = self._gauge("target_state", "1 for the state now.", "target", "state")
        self.delivered = self._counter("delivered", "Events a target has stored.", "target")
        self.duplicates = self._counter("duplicates", "Events a target had already.", "target")
        self.requests = self._counter("requests", "Requests by outcome.", "target", "outcome")
        self.batch = self._gauge("batch_events", "Events of the newest request.", "target")
        self.backoff_s = self._gauge("backoff_seconds", "Wait before the next request.", "target")
        self.age_at_ack_s = self._histogram(
            "event_age_at_ack_seconds", "Age of a request's oldest event.", SLOW_S, "target"
        )
        self.replay_pending = self._gauge("replay_pending", "Events still to replay.", "target")
        self.photos_pending = self._gauge("photos_pending", "Photographs nobody has taken yet.")
        self.photo_bytes = self._gauge("photo_bytes", "Size of the photographs kept here.")
        self.feed_age_s = self._gauge("feed_age_seconds", "Age of a feed's newest copy.", "feed")

    def _station(self) -> None:
        self.scan_to_commit_s = self._histogram("scan_to_commit_seconds", "Scan to commit.")
        self.loop_lag_s = self._histogram("loop_lag_seconds", "Lateness of the loop's tick.")
        self.scan_to_tone_s = self._histogram("scan_to_tone_seconds", "Scan to its tone.")
        self.clock_synced = self._gauge("clock_synced", "1 while the wall clock is trusted.")
        self.clock_skew_s = self._gauge(
            "clock_skew_seconds", "Wall clock ahead of a target's, by its Date.", "target"
        )
        self.yardstick_s = self._gauge(
            "fsync_yardstick_seconds", "4 KiB written over and flushed, median."
        )
        self.intents = self._gauge("intents", "Commands owed an outcome.", "kind", "state")
        self.restart_s = self._gauge("restart_seconds", "Reading the journal at the last start.")

    def _moves(self) -> None:
        self.order_accept_s = self._histogram("order_accept_seconds", "Order to its acceptance.")
        self.order_done_s = self._histogram(
            "order_done_seconds", "Acceptance to the load at its place.", SLOW_S
        )
        self.divert_seen_s = self._histogram("divert_seen_seconds", "Divert to its echo.")
        self.divert_done_s = self._histogram(
            "divert_done_seconds", "Echo to the item off the belt.", SLOW_S
        )
        self.lanes = self._counter(
            "lanes", "Lanes and places by sensor or scan.", "device", "outcome"
        )
        self.robot_counts = self._gauge(
            "robot_counts", "Messages and orders since the start.", "robot", "what"
        )
        self.broker_losses = self._gauge("broker_disconnects", "Lost connections to the broker.")

    def _quick(self, name: str, text: str, buckets: tuple[float, ...]) -> "QuickHistogram":
        made = QuickHistogram(f"{PREFIX}_{name}", text, buckets)
        self.registry.register(made)
        return made

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace=PREFIX, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace=PREFIX, registry=self.registry)

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...] = QUICK_S, *labels: str
    ) -> Histogram:
        return Histogram(
            name, text, labels, namespace=PREFIX, registry=self.registry, buckets=buckets
        )
