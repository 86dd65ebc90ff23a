"""bench collectives, and bench --compare."""
import os
import re

import h5py
import numpy
import pytest

from conftest import full

OPERATIONS = ("barrier bcast scatter gather allgather alltoall reduce allreduce reduce_scatter scan "
              "exscan").split()
QUICK = ("--seconds", 0, "--results", "r")


def result(tmp_path):
    files = sorted((tmp_path / "r").glob("*.h5"), key=lambda f: f.stat().st_mtime)
    return files[-1]


# MPICH 4.0 never gives a core away: more ranks than cores take minutes.
MOST_RANKS = 2 if "mpich" in os.environ.get("TRIREME_LAUNCHER", "") else 3


@pytest.mark.parametrize("ranks, heap", (full(1, ()), full(2, ()), (MOST_RANKS, ("--heap",))))
def test_every_operation(trireme, tmp_path, ranks, heap):
    """Results are compared with the MPI library's by the program itself."""
    r = trireme(ranks, "bench", "collectives", "--sizes", "8,8Ki,200000", *QUICK, *heap, "--json")
    assert r.json["results"]["cells"]["value"] == 2 * (3 * (len(OPERATIONS) - 1) + 1)
    assert r.json["results"]["speed"]["value"] > 0
    assert r.json["results"]["buffers"] == ("shared heap" if heap else "private")
    with h5py.File(result(tmp_path)) as f:
        assert set(f["samples"]) == set(OPERATIONS)
        assert set(f["samples/alltoall"]) == {"8", "8192", "200000"} and set(f["samples/barrier"]) == {"0"}
        for way in ("mpi", "ours"):
            for mode in ("single", "series"):
                samples = f[f"samples/allreduce/8192/{mode}/{way}"]
                assert samples.attrs["units"] == "s" and len(samples) >= 3 and (samples[()] > 0).all()
        listed = f.attrs["sample_datasets"].split()
        assert len(listed) == 2 * r.json["results"]["cells"]["value"] and all(path in f for path in listed)


def test_table(trireme):
    r = trireme(2, "bench", "collectives", "--sizes", "64", "--operations", "bcast,scan", "--each", *QUICK)
    assert r.status == 0, r.err
    rows = [line.split() for line in r.out.splitlines() if line.startswith(("bcast ", "scan "))]
    chosen = [row for row in rows if row[-1] == "(ours)"]
    assert [row[:3] for row in chosen] == [[op, "64", mode] for op in ("bcast", "scan")
                                           for mode in ("single", "series")]
    algorithms = {row[-1] for row in rows if row[0] == "bcast"}
    assert {"linear", "binomial", "chain", "shared"} <= algorithms
    assert "of 4 cells" in r.out and "geometric mean" in r.out


def test_exact_sums(trireme):
    r = trireme(2, "bench", "collectives", "--sizes", "64", "--operations", "bcast,allreduce", "--exact",
                *QUICK, "--json")
    assert r.status == 0, r.err
    assert r.json["results"]["exact_price"]["value"] > 0 and r.json["results"]["cells"]["value"] == 4


@pytest.mark.parametrize("variable", ("gather:linear", None))
def test_without_the_library(trireme, variable):
    asked = () if variable else ("--algorithm", "gather:linear")
    r = trireme(2, "bench", "collectives", "--sizes", "64,1Gi", "--operations", "gather", "--against", "none",
                *asked,
                "--seconds", 0, "--results", "none", env={"TRIREME_ALGORITHM": variable or "gather:binomial"})
    assert r.status == 0, r.err
    rows = [line.split() for line in r.out.splitlines() if line.startswith("gather ")]
    assert [row[-1] for row in rows] == ["linear", "linear", "--memory"] and "geometric" not in r.out


@pytest.mark.parametrize("bad", (("--operations", "bcast,nothing"), ("--operations", ""), ("--sizes", "12"),
                                 ("--sizes", "0"),
                                 ("--sizes", "8,x"), ("--sizes", ""), ("--against", "itself"),
                                 ("--seconds", -1),
                                 ("--quantile", 2), ("--device", "auto")))
def test_bad_options(trireme, bad):
    # How ranks agree does not depend on what is wrong.
    r = trireme(2 if bad[0] == "--operations" else 0, "bench", "collectives", *bad, "--results", "none")
    assert r.status == 2 and len(r.err.strip().splitlines()) == 1 and bad[0] in r.err, r.err


@pytest.mark.parametrize("subject,bad",
                         (("p2p", ("--sizes", "0")),
                          *(full("p2p", bad) for bad in (("--sizes", "3Gi"), ("--sizes", "8,x"),
                                                                        ("--trials", 0), ("--duration", -1))),
                                                                        ("store", ("--bytes", 12)),
                                         ("store", ("--bytes", 0)), ("store", ("--trials", 0))))
def test_bad_options_of_pairs_and_files(trireme, subject, bad):
    r = trireme(0 if subject == "store" else 2, "bench", subject, *bad, "--results", "none")
    assert r.status == 2 and len(r.err.strip().splitlines()) == 1 and bad[0] in r.err, r.err


def test_one_rank_has_no_pair(trireme):
    r = trireme(1, "bench", "p2p", "--results", "none")
    assert r.status == 2 and "two ranks" in r.err


@pytest.mark.parametrize("ranks", (2, full(1), full(3)))
def test_overlap(trireme, tmp_path, ranks):
    """Each form's results are compared with the MPI library's by the program itself."""
    r = trireme(min(ranks, MOST_RANKS), "bench", "overlap", "--sizes", "8,8Ki", "--trials", 2,
                "--duration", 0, "--polls", 3, "--results", "r", "--json")
    assert r.status == 0, r.err
    for form in ("mpi", "nonblocking", "persistent"):
        assert 0 <= r.json["results"][f"overlap_{form}"]["value"] <= 1
    with h5py.File(result(tmp_path)) as f:
        assert set(f["samples"]) == set(OPERATIONS) and set(f["samples/scan"]) == {"8", "8192"}
        assert {"mpi_blocking", "blocking", "mpi_nonblocking", "nonblocking", "persistent",
                "persistent_computing"} < set(f["samples/reduce_scatter/8192"])
        assert (f["samples/barrier/0/persistent"][()] > 0).all()


@pytest.mark.parametrize("shape, blocks", (("box", 8), full("star", 4)))
def test_neighbours(trireme, tmp_path, shape, blocks):
    """Each way's blocks are checked by the program itself."""
    r = trireme(MOST_RANKS, "bench", "neighbours", "--dims", 2, "--shape", shape, "--sizes", "8,512",
                "--trials", 2, "--duration", 0, "--results", "r", "--json")
    assert r.status == 0, r.err
    assert r.json["results"]["neighbours"]["value"] == blocks
    with h5py.File(result(tmp_path)) as f:
        assert set(f["samples/neighbours/512"]) == {"mpi", "direct", "combined", "ours", "persistent"}


def test_neighbours_bad(trireme):
    for bad in (("--sizes", "9"), ("--trials", 0), ("--dims", 4), ("--shape", "ring"), ("--duration", -1)):
        r = trireme(0, "bench", "neighbours", *bad, "--results", "none")
        assert r.status == 2 and len(r.err.strip().splitlines()) == 1 and bad[0] in r.err, r.err


@pytest.mark.parametrize("ranks", [1, 3])
def test_pool(trireme, ranks):
    commands = 20 if ranks == 1 else 0
    r = trireme(min(ranks, MOST_RANKS), "bench", "pool", "--tasks", 2000, "--commands", commands, "--json",
                "--results", "none")
    if "this build has no pool" in r.err:
        return
    results = r.json["results"]
    assert all(results[name]["value"] > 0 for name in ("tasks", "chunks", "latency", "cpu"))
    assert ranks > 1 or results["pool"]["value"] > 0


def test_overlap_bad(trireme):
    for bad in (("--sizes", "9"), ("--trials", 0), ("--polls", -1), ("--operations", "dance")):
        r = trireme(0, "bench", "overlap", *bad, "--results", "none")
        assert r.status == 2 and len(r.err.strip().splitlines()) == 1 and bad[0] in r.err, r.err


def test_store_leaves_nothing(trireme, tmp_path):
    r = trireme(2, "bench", "store", "--bytes", "64Ki", "--trials", 3, "--folder", "f", "--results", "none")
    assert r.status == 0 and not list((tmp_path / "f").iterdir())
    (tmp_path / "file").write_text("")
    r = trireme(2, "bench", "store", "--bytes", "64Ki", "--folder", "file", "--results", "none")
    assert r.status == 4 and "file" in r.err and len(r.err.strip().splitlines()) == 1, r.err


# ---- choice ----


def test_choice(trireme, tmp_path):
    r = trireme(2, "bench", "choice", "--operations", "bcast,allreduce", "--sizes", "8,1Ki", "--seconds", 0,
                "--each", "--results", "r", "--network", "none")
    assert r.status == 0, r.err
    cells = [line for line in r.out.splitlines() if line.startswith(("bcast ", "allreduce "))]
    assert [line.split()[:2] for line in cells] == [["bcast", "8"], ["bcast", "1Ki"], ["allreduce", "8"],
                                                    ["allreduce", "1Ki"]]
    values = dict(line.split()[:2] for line in r.out.splitlines()
                  if line.startswith(("right", "undecided", "lost", "missed")))
    assert 0 <= float(values["right_choices"]) + float(values["undecided_choices"]) <= 1
    assert float(values["lost_time"]) >= 1 and float(values["missed_by"]) >= 1
    # The verdict goes by the chosen algorithm and the quickest alone, which took turns a second time.
    # What is printed is rounded: a ratio close to 1.1 may count as either.
    right, undecided = [0, 0], [0, 0]
    with h5py.File(result(tmp_path)) as f:
        assert len(f["samples/bcast/8"]) >= 5 and f["samples/bcast/8/binomial"].attrs["units"] == "s"
        for line in cells:
            words = line.replace("[", " ").replace("]", " ").replace(",", " ").split()
            operation, size, chosen, quickest = words[0], words[1], words[2], words[6]
            ratio, low = float(words[9].rstrip("?!")), float(words[11 if words[10] in "?!" else 10])
            again = f.get(f"samples/{operation}/{1024 if size == '1Ki' else size}/again")
            assert (again is None) == (chosen == quickest)
            if again:
                parts = min(25, len(again[chosen]))
                medians = [[numpy.median(part) for part in numpy.array_split(again[name][:], parts)]
                           for name in (chosen, quickest)]
                assert abs(numpy.median(numpy.divide(*medians)) - ratio) < 0.006, line
            else:
                assert ratio == 1
            for k, slack in enumerate((-0.006, 0.006)):
                right[k] += ratio <= 1.1 + slack
                undecided[k] += ratio > 1.1 - slack and low <= 1.1 + slack
    for (least, most), share in ((right, values["right_choices"]), (undecided, values["undecided_choices"])):
        assert least - 0.1 < 4 * float(share) < most + 0.1, (right, undecided, values)


def test_mode_of_choice(trireme):
    r = trireme(2, "bench", "choice", "--operations", "bcast", "--sizes", "8", "--seconds", 0,
                "--mode", "series", "--results", "none", "--network", "none")
    assert r.status == 0 and "bcast " in r.out, r.err


def test_distribution_of_sum(trireme):
    r = trireme(1, "bench", "sum", "--bytes", "64Ki", "--trials", 3, "--distribution", "cancel", "--json",
                "--results", "none")
    assert r.json["results"]["distribution"] == "cancel"


def test_plot_on_a_full_disk(trireme, tmp_path):
    (tmp_path / "full").mkdir()
    wrap = ("unshare", "--mount", "--map-root-user", "sh", "-c",
            'mount -t tmpfs -o size=8k none full; head -c 8k /dev/zero >full/.fill; '
            '"$@"; s=$?; ls full | sed "s/^/left: /" >&2; exit $s',
            "sh")
    if trireme(0, "bench", "--help", wrap=wrap).status:
        pytest.skip("no user namespaces here")
    sum_ = ("bench", "sum", "--bytes", "64Ki", "--trials", 3, "--results", "none", "--plot")
    r = trireme(0, *sum_, "s.svg")
    assert r.status == 0 and (tmp_path / "s.svg").read_text().rstrip().endswith("</svg>"), r.err
    r = trireme(0, *sum_, "full/s.svg", wrap=wrap)
    assert r.status == 4 and "full/s.svg" in r.err and len(r.err.splitlines()) == 1, r.err
    assert "exact" in r.out


# What compiles kernels needs a PATH itself.
@pytest.mark.parametrize("subject", (("sum",), full(("gpu", "--trials", 1))))
def test_no_plot_keeps_the_measurement(trireme, tmp_path, subject):
    r = trireme(1, "bench", *subject, "--bytes", "64Ki", "--plot", "none/s.svg")
    if r.status == 3 and "OpenCL" in r.err:
        pytest.skip("no OpenCL device")
    assert r.status == 4 and "none/s.svg" in r.err and len(r.err.splitlines()) == 1, r.err
    record = re.search(r"^record +(\S+)$", r.out, re.M)
    assert record, r.out
    with h5py.File(tmp_path / record[1], "r") as f:
        assert len(f["samples"]) > 1


def test_choice_bad(trireme):
    for arguments, text in ((("--operations", "dance"), "dance"), (("--operations", "barrier"), "barrier"),
                            (("--sizes", "9"), "multiple of 8"), (("--sizes", ""), "--sizes is empty")):
        r = trireme(0, "bench", "choice", *arguments, "--results", "none")
        assert r.status == 2 and text in r.err and len(r.err.splitlines()) == 1


@pytest.mark.parametrize("ranks, threads",
                         ((1, 2), (2, 2), *(full(r, t) for r, t in ((1, 1), (2, 1), (3, 1)))))
def test_combine(trireme, ranks, threads):
    """The sums are looked at by the program itself; a vector is no multiple of a thread's chunk."""
    r = trireme(ranks, "bench", "combine", "--bytes", 2**20 + 8 * 1001, "--vectors", 4, "--trials", 2,
                "--threads", threads, "--results", "none")
    assert r.status == 0 and "ours" in r.out, r.err


@pytest.mark.parametrize("bad", (("--vectors", 0), ("--bytes", 7), ("--trials", 0)))
def test_combine_bad(trireme, bad):
    r = trireme(0, "bench", "combine", *bad, "--results", "none")
    assert r.status == 2 and bad[0] in r.err, r.err


# ---- threads ----


KINDS = ("lock rwlock_read rwlock_write semaphore condition event barrier queue_fifo queue_lifo "
         "queue_priority mailbox deque").split()


def test_threads(trireme, tmp_path):
    """The order of the items and the count under each lock are looked at by the program itself."""
    r = trireme(0, "bench", "threads", "--trials", 2, "--duration", 0, "--results", "r", "--plot", "t.svg")
    assert r.status == 0 and (tmp_path / "t.svg").read_text().rstrip().endswith("</svg>"), r.err
    rows = {line.split()[0]: line.split()[1:] for line in r.out.splitlines() if line.startswith(tuple(KINDS))}
    assert sorted(rows) == sorted(KINDS)
    with h5py.File(result(tmp_path)) as f:
        distances = f.attrs["distances"].split()
        assert "cpu" in distances and set(f["samples"]) == set(distances)
        for distance in distances:
            measured = set(f[f"samples/{distance}"])
            assert measured >= {f"{kind}_latency" for kind in KINDS} and len(measured) == 2 * len(KINDS) - 3
            assert (f[f"samples/{distance}/mailbox_throughput"][()] > 0).all()
    # Condition, event and barrier have no throughput beside their latency.
    for kind, row in rows.items():
        assert len(row) == len(distances) * (1 if kind in ("condition", "event", "barrier") else 2)


@pytest.mark.parametrize("ranks, bad, text", ((2, (), "one rank"), (0, ("--trials", 0), "--trials"),
                                              (0, ("--duration", -1), "--duration")))
def test_threads_bad(trireme, ranks, bad, text):
    r = trireme(ranks, "bench", "threads", *bad, "--results", "none")
    assert r.status == 2 and text in r.err and len(r.err.strip().splitlines()) == 1, r.err


# ---- compare ----


def write(path, program="bench-sum", **samples):
    with h5py.File(path, "w") as f:
        f.attrs["program"] = program
        f.attrs["sample_datasets"] = "".join(f"samples/{name}\n" for name in samples)
        f["timing/run"] = numpy.ones((1, 1))
        for name, values in samples.items():
            f[f"samples/{name}"] = numpy.asarray(values)


STEADY = 1 + 0.01 * numpy.arange(21)
NOISY = 1 + 2.0 * (numpy.arange(21) % 3)


def test_compare(trireme, tmp_path):
    write(tmp_path / "old.h5", same=STEADY, slow=STEADY, fast=STEADY, noise=NOISY, gone=STEADY)
    write(tmp_path / "new.h5", same=1.05 * STEADY, slow=1.3 * STEADY, fast=STEADY / 2,
          noise=NOISY[::-1] * 1.2, added=STEADY)
    r = trireme(0, "bench", "--compare", "old.h5", "new.h5")
    assert r.status == 1 and "1 of 4 are slower by more than 10 %" in r.err
    assert len(r.err.splitlines()) == 1
    shown = {line.split()[0]: line.split()[-1] for line in r.out.splitlines() if line.startswith("samples/")}
    assert shown == {"samples/slow": "slower", "samples/fast": "faster"}
    counts = dict(line.split()[:2] for line in r.out.splitlines() if not line.startswith("samples/"))
    assert {k: counts[k] for k in ("compared", "slower", "faster", "missing")} == \
        {"compared": "4", "slower": "1", "faster": "1", "missing": "1"}
    r = trireme(0, "bench", "compare", "old.h5", "new.h5", "--tolerance", 0.5, "--all")
    assert r.status == 0 and r.out.count("samples/") == 4


def test_compare_runs(trireme, tmp_path):
    for program in ("sum", "heat", "collectives", "p2p", "store"):
        arguments = {"sum": ("--bytes", "64Ki", "--trials", 7), "heat": ("--points", "32x32", "--trials", 7),
                     "collectives": ("--sizes", "8", "--seconds", 0),
                     "p2p": ("--sizes", "8,100000", "--trials", 7, "--duration", 0),
                     "store": ("--bytes", 8000, "--trials", 7)}[program]
        assert trireme(3 if program in ("p2p", "store") else 1, "bench", program, *arguments, "--results",
                       "r").status == 0
        file = result(tmp_path)
        r = trireme(0, "bench", "--compare", file, file, "--json")
        assert r.json["results"]["compared"]["value"] >= 3 and r.json["results"]["slower"]["value"] == 0


def test_compare_bad_files(trireme, tmp_path):
    write(tmp_path / "sum.h5", a=STEADY)
    write(tmp_path / "heat.h5", program="bench-heat", a=STEADY)
    write(tmp_path / "other.h5", b=STEADY)
    with h5py.File(tmp_path / "reduce.h5", "w") as f:
        f.attrs["program"] = "reduce"
        f["timing/run"] = [1.0]
    (tmp_path / "text.h5").write_text("no")
    for new, why in (("heat.h5", "bench-heat"), ("other.h5", "no samples in common"),
                     ("reduce.h5", "sample_datasets"), ("text.h5", "text.h5"), ("none.h5", "none.h5")):
        r = trireme(0, "bench", "--compare", "sum.h5", new)
        assert r.status == 4 and len(r.err.strip().splitlines()) == 1 and why in r.err, (new, r.status, r.err)
    assert trireme(0, "bench", "--compare", "sum.h5").status == 2
