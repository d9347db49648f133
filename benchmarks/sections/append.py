"""Entries of about 360 bytes, appended from the first on. All stores take turns, some batches each,
so that whatever else the machine does hits all of them; each batch is a transaction, but where it
says otherwise. Then everything is read again, in order.

Speed is entries by the wall, processor time that of this process and of the server together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from bench import Bench
from measuring import Sample, Samples, ratio
from places import Place
from report import Judged
from stores import STORES, Remote, Store, TaizhangBulk, made_entries

from ledger.recorder import Draft

BATCHES = (100, 1_000)
_MANY = 1_000_000  # from here on the disk holds no more than three stores
_TURN = 10_000  # at most so many entries in a turn


def measure(bench: Bench) -> None:
    """Every engine, size and batch, then the cost an entry over the sizes."""
    bench.report.section("Append", __doc__)
    for place in bench.places:
        costs: dict[str, dict[int, Samples]] = {}
        for size in bench.sizes:
            for batch in BATCHES:
                found = _appended(bench, place, size, batch)
                if batch == BATCHES[-1]:
                    for name, samples in found.items():
                        costs.setdefault(name, {})[size] = samples
        _print_costs(bench, place, costs)


def _appended(bench: Bench, place: Place, size: int, batch: int) -> dict[str, list[Sample]]:
    bench.say(f"{place.name}, {size:,} entries in batches of {batch:,}")
    appended: dict[str, list[Sample]] = {}
    read: dict[str, list[Sample]] = {}
    notes: dict[str, str] = {}
    for _ in range(bench.rounds_at(size)):
        stores = opened(bench, place, few=size > _MANY)
        notes |= {store.name: store.note for store in stores}
        _add(appended, lockstep(place, stores, _turns(size, batch)))
        if batch == BATCHES[-1]:
            _add(read, _replayed(place, stores, size))
        close(stores)
    base = "eventsourcing native"
    aims = {}
    if batch == BATCHES[-1]:
        aims = {"taizhang": [Judged(f"append_{place.key}", base)]}
    title = f"{size:,} entries in batches of {batch:,}"
    table = bench.report.comparison
    common = {"base": base, "engine": place.name, "size": size}
    table(title, appended, aims=aims, notes=notes, **common)  # type: ignore[arg-type]
    if read:
        table(f"{size:,} entries read", read, **common)  # type: ignore[arg-type]
    return appended


def opened(bench: Bench, place: Place, *, few: bool = False) -> list[Store]:
    """A new store of every kind; `few` are the raw table, the native recorder and ours."""
    if few:
        return [kind(place) for kind in STORES[place.key][:3]]
    stores = [kind(place) for kind in STORES[place.key]]
    return [*stores, *([Remote(place, bench.peers)] if bench.peers else [])]


def close(stores: Sequence[Store]) -> None:
    """Let all stores go, and their databases."""
    for store in stores:
        store.close()
        store.place.remove(store.url)


def lockstep(
    place: Place, stores: Sequence[Store], turns: Iterator[list[list[Draft]]]
) -> dict[str, Sample]:
    """What each store took for all turns; a turn is some batches, for every store in turn."""
    found = {store.name: Sample(0.0, 0.0, 0) for store in stores}
    for number, batches in enumerate(turns):
        for store in stores[:: -1 if number % 2 else 1]:
            for batch in batches:
                found[store.name] += _append(place, store, batch)
    for store in stores:
        if isinstance(store, TaizhangBulk):
            found[store.name] += place.meter.time(store.finish, entries=0)
    return found


def _append(place: Place, store: Store, batch: Sequence[Draft]) -> Sample:
    return place.meter.time(lambda: store.append(batch), entries=len(batch))


def _turns(size: int, batch: int) -> Iterator[list[list[Draft]]]:
    entries = made_entries(size, centers=max(1, size // 10))
    turn = max(batch, min(_TURN, size // 10))
    while some := list(islice(entries, turn)):
        yield [some[start : start + batch] for start in range(0, len(some), batch)]


def _replayed(place: Place, stores: Sequence[Store], size: int) -> dict[str, Sample]:
    found = {}
    for store in stores:
        if isinstance(store, Remote):
            found[store.name] = store.timed_replay(size)
        elif not isinstance(store, TaizhangBulk):
            found[store.name] = place.meter.time(
                lambda store=store: _exhaust(store, size),  # type: ignore[misc]
                entries=size,
            )
    return found


def _exhaust(store: Store, size: int) -> None:
    found = sum(1 for _ in store.replay(size))
    assert found == size, (store.name, found)


def _add(all_: dict[str, list[Sample]], some: dict[str, Sample]) -> None:
    for name, sample in some.items():
        all_.setdefault(name, []).append(sample)


def _print_costs(bench: Bench, place: Place, costs: dict[str, dict[int, Samples]]) -> None:
    """The cost an entry must stay flat."""
    if len(bench.sizes) < 2:
        return
    bench.report.text(
        f"{place.name}, microseconds an entry by the wall (by the processor), batches of "
        f"{BATCHES[-1]:,}, from an empty ledger to so many entries:"
    )
    rows = [
        [name, *(_cost(samples) for samples in by_size.values())] for name, by_size in costs.items()
    ]
    bench.report.table([place.name, *(f"{size:,}" for size in bench.sizes)], rows)


def _cost(samples: Samples) -> str:
    one = [Sample(1e-6, 1e-6)] * len(samples)
    wall, cpu = ratio(samples, one), ratio(samples, one, by="cpu")
    return f"{wall.middle:,.1f} ({cpu.middle:,.1f})"
