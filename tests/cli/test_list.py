"""apps/list: the algorithms, the choice, the devices."""
import re


def test_algorithms(trireme):
    r = trireme(0, "list")
    assert r.status == 0 and re.search(r"^bcast +binomial +every rank", r.out, re.M)
    only = trireme(0, "list", "--operation", "reduce")
    assert only.status == 0 and all(line.startswith("reduce ") for line in only.out.splitlines())
    assert trireme(3, "list").out == r.out


def test_choice(trireme):
    r = trireme(0, "list", "--ranks", 1024, "--ppn", 16, "--bytes", "8,1Mi")
    assert r.status == 0
    rows = re.findall(r"^(\w+) +(\S+)  (\w+) +([\d.]+) us  bound +([\d.]+) us", r.out, re.M)
    assert {row[0] for row in rows} >= {"bcast", "allreduce", "alltoall"}
    assert all(float(row[3]) > 0 for row in rows)


def test_bad_input(trireme):
    for arguments, text in ((("--operation", "dance"), "dance"), (("--ranks", "4", "--bytes", "8,x"), "'x'"),
                            (("--ppn", "0", "--ranks", "4"), "--ppn"), (("--device", "auto"), "no use")):
        r = trireme(0, "list", *arguments)
        assert r.status == 2 and text in r.err and len(r.err.splitlines()) == 1
