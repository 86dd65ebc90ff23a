"""apps/list: the algorithms, the choice, the devices."""
import os
import re

import pytest


def test_algorithms(trireme):
    r = trireme(0, "list")
    assert r.status == 0 and re.search(r"^bcast +binomial +in each round every rank", r.out, re.M)
    only = trireme(0, "list", "--operation", "reduce")
    assert only.status == 0 and all(line.startswith("reduce ") for line in only.out.splitlines())
    assert trireme(3, "list").out == r.out


def test_json(trireme):
    """What the table shows; no empty members."""
    for arguments in ((), ("--ranks", 16)):
        table = trireme(0, "list", "--operation", "bcast", *arguments)
        answer = trireme(0, "list", "--operation", "bcast", "--json", *arguments).json
        assert answer["lines"] == table.out.splitlines() and all(answer.values())


def test_choice(trireme):
    r = trireme(0, "list", "--ranks", 1024, "--ppn", 16, "--bytes", "8,1Mi")
    assert r.status == 0
    rows = re.findall(r"^(\w+) +(\S+)  (\w+) +([\d.]+) us +([\d.]+) us +([\d.]+)  ", r.out, re.M)
    assert {row[0] for row in rows} >= {"bcast", "allreduce", "alltoall"}
    assert all(float(row[3]) > 0 for row in rows)
    columns = r.out.splitlines()[1].split()
    assert columns[:3] == ["operation", "bytes", "chosen"]


def test_bad_input(trireme):
    for arguments, text in ((("--operation", "dance"), "dance"),
                            (("--ranks", "4", "--bytes", "8,x"), "'x'"),
                            (("--ppn", "0", "--ranks", "4"), "--ppn"),
                            (("--bytes", ""), "--bytes is empty"),
                            (("--device", "auto"), "does not use")):
        r = trireme(0, "list", *arguments)
        assert r.status == 2 and text in r.err and len(r.err.splitlines()) == 1


def test_network(trireme, tmp_path):
    file = tmp_path / "numbers"
    r = trireme(2, "bench", "network", "--out", file, "--seconds", "0.2")
    assert r.status == 0 and f"written        {file}" in r.out, r.err
    text = file.read_text()
    assert re.search(r"^nodes = 1$", text, re.M)
    assert re.search(r"^inside\.latency = [\d.e-]+ s  # ", text, re.M)
    assert "between" not in text
    # If a message costs one second at each end and nothing else, the number of ranks that have the data grows
    # as the Fibonacci numbers: 55 after 9 s, 89 after 10 s.
    slow = "".join(f"between.{name} = {value}\n" for name, value in (
        ("latency", "0 s"), ("overhead", "1 s"), ("byte", "0 s/byte"), ("rank_byte", "0 s/byte"),
        ("node_byte", "0 s/byte"), ("duplex_byte", "0 s/byte")))
    file.write_text(text + slow)
    for way in ({"arguments": ("--network", file)}, {"env": {"TRIREME_NETWORK": str(file)}}):
        r = trireme(0, "list", "--ranks", 64, "--operation", "bcast", "--bytes", 8, *way.get("arguments", ()),
                    env=way.get("env"))
        assert r.status == 0 and f"network numbers: {file}\n" in r.out
        assert re.search(r"bcast +8  \S+ +(\d+)\.\d+ us", r.out).group(1) == str(10 * 10**6)
    default = trireme(0, "list", "--ranks", 64, "--network", "none")
    assert default.status == 0 and default.out.startswith("network numbers: defaults\n")


def test_network_bad(trireme, tmp_path):
    file = tmp_path / "numbers"
    file.write_text("inside.latency = soon\n")
    os.mkfifo(tmp_path / "pipe")
    for network, text in ((file, "line 1: 'soon' is not a number"), (tmp_path / "none", "cannot open"),
                          (tmp_path / "pipe", "not a regular file")):
        for ranks in (0, 3) if network == file else (0,):
            r = trireme(ranks, "list", "--ranks", 4, "--network", network)
            assert r.status == 4 and text in r.err and len(r.err.splitlines()) == 1
    r = trireme(1, "bench", "network", "--out", file, "--replace")
    assert r.status == 77 and "start at least two ranks" in r.err
    r = trireme(5, "bench", "network", "--out", file, "--replace",
                wrap=("taskset", "-c", str(min(os.sched_getaffinity(0)))))
    assert r.status == 77 and "more ranks than cores" in r.err and len(r.err.splitlines()) == 1, r.err
    r = trireme(2, "bench", "network", "--out", file / "below", "--seconds", "0.1")
    assert r.status == 4 and len(r.err.splitlines()) == 1


def test_devices(trireme):
    """A line for each device, and one for each rank; the speed of a device is measured once."""
    r = trireme(3, "list", "--devices")
    assert r.status == 0, r.err
    if "no OpenCL device" in r.out:
        pytest.skip("no OpenCL device")
    devices = re.findall(r"^(\d+)  (.*?) \(.*, (?:fp64|no fp64),.* memory \S+, local \S+, driver ", r.out,
                         re.M)
    assert [int(d[0]) for d in devices] == list(range(len(devices)))
    used = re.findall(r"^rank (\d) on \S+: (\d+)  (.*?)(?:, PCI \S+)?(?:, near .*)?"
                      r", copies ([\d.]+) GB/s( \(shared\))?$",
                      r.out, re.M)
    assert [u[0] for u in used] == ["0", "1", "2"], r.out
    assert all((u[1], u[2]) in devices and float(u[3]) > 0 for u in used)
    for k, u in enumerate(used):
        assert bool(u[4]) == (u[1] in [v[1] for v in used[:k]])


def test_no_devices(trireme):
    r = trireme(2, "list", "--devices", env={"OCL_ICD_VENDORS": "/nonexistent"})
    assert r.status == 0 and "no OpenCL device" in r.out
    assert len(re.findall("^rank . on .*: no device$", r.out, re.M)) == 2
    assert trireme(2, "list", "--devices", "--device", "no such device").status == 3
