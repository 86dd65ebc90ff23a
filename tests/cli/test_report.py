"""apps/report: one HTML page with all runs, tables and figures; hostile names stay text; bad input."""
import html.parser
import re

import h5py
import numpy as np
import pytest

HOSTILE = "x\"><script>document.title='PWNED'</script><img src=\"http://127.0.0.1:PORT/x\">'&amp;"
QUICK = ("--samples", 2, "--duration", 0, "--slow", 1e9)


class Page(html.parser.HTMLParser):
    """The elements and texts of a page; elements that are not closed in order are an error."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text, self.titles = [], [], [], "", []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] in ("text", "h2", "h3", "title"):
            self.titles.append(data)


def hostile_file(path, port=1):
    hostile = HOSTILE.replace("PORT", str(port))
    with h5py.File(path, "w") as f:
        f.attrs["program"] = hostile
        f.attrs["verdict"] = hostile
        f.attrs[hostile.replace("/", "|")] = hostile
        f.attrs["complete"] = 1
        name = hostile.replace("/", "|")
        f["timing/" + name] = np.ones((2, 3))
        f["results/" + name] = 3.0
        f["results/" + name].attrs["units"] = hostile
        f["results/" + name].attrs["long_name"] = hostile
        f["samples/" + name + "/a" + name] = np.arange(1.0, 9)
        f["samples/" + name + "/b" + name] = np.arange(1.0, 9)
        f["map" + name] = np.arange(12.0).reshape(3, 4)
        f["map" + name].attrs["units"] = hostile
        f["list" + name] = np.arange(5)
    return hostile


def check_own(page):
    """Nothing of the page is loaded from elsewhere, and nothing runs."""
    assert not {"script", "img", "link", "iframe", "object", "embed"} & set(page.tags)
    for tag, name, value in page.attributes:
        assert name not in ("src", "onload", "onerror", "onclick"), (tag, name)
        if name in ("href", "xlink:href"):
            assert value.startswith(("#f", "data:image/png;base64,")), value


def test_programs(trireme, tmp_path):
    for ranks in (1, 3):
        r = trireme(ranks, "heat", "--points", "40x30", "--steps", 5, "--repeat", 3, "--verify",
                    "--threads", 1, "--results", "r")
        assert r.status == 0, r.err
    assert trireme(3, "p2p", "--sizes", "8,1Ki", *QUICK, "--results", "r").status == 0
    r = trireme(2, "bench", "collectives", "--operations", "bcast", "--sizes", "8,1Ki",
                "--seconds", 0.001, "--results", "r")
    assert r.status == 0, r.err
    r = trireme(0, "report", "r", "-o", "out.html", "--title", "A <title> & more")
    assert r.status == 0 and not r.err
    page = Page((tmp_path / "out.html").read_text())
    check_own(page)
    assert "A <title> & more" in page.titles and "viewport" in [value for _, _, value in page.attributes]
    for text in ("heat, strong scaling", "ideal", "run", "compute", "repeat", "Latency of messages of 8B",
                 "latency (us)", "bandwidth (GB/s)", "bcast, single", "MPI library", "size (B)"):
        assert text in page.titles, text
    assert page.tags.count("section") == 4 and page.text.count("right") >= 5
    r = trireme(0, "report", "r", "-o", "out.html")
    assert r.status == 4 and "'out.html' exists" in r.err and len(r.err.splitlines()) == 1
    assert trireme(0, "report", "r", "--out", "out.html", "--replace", "--where", "program=p2p").status == 0
    assert Page((tmp_path / "out.html").read_text()).tags.count("section") == 1


def test_hostile(trireme, tmp_path):
    hostile = hostile_file(tmp_path / "<b>.h5")
    r = trireme(0, "report", "<b>.h5", "--title", hostile)
    assert r.status == 0, r.err
    page = Page((tmp_path / "report.html").read_text())
    check_own(page)
    assert "b" not in page.tags and page.titles.count(hostile) >= 1 and "<b>.h5" in page.titles
    assert page.text.count(hostile) >= 6
    assert any(text.startswith("map" + hostile.replace("/", "|")) for text in page.titles)


def fits(trireme, tmp_path, folder, times):
    """The serial share that the page states for runs with these seconds."""
    (tmp_path / folder).mkdir()
    for ranks, seconds in times.items():
        with h5py.File(tmp_path / folder / f"{ranks}.h5", "w") as f:
            f.attrs["program"], f.attrs["ranks"], f.attrs["option_count"] = "law", ranks, "5"
            f.attrs["option_threads"] = str(ranks)
            f["timing/run"] = np.ones((ranks, 1)) * seconds
    assert trireme(0, "report", folder, "--replace").status == 0
    return re.search(r"(Amdahl|Gustafson), serial share ([0-9.e-]+)", (tmp_path / "report.html").read_text())


def test_fits(trireme, tmp_path):
    amdahl = fits(trireme, tmp_path, "s", {n: 8 * (0.25 + 0.75 / n) for n in (1, 2, 4, 16)})
    assert amdahl[1] == "Amdahl" and float(amdahl[2]) == pytest.approx(0.25)
    gustafson = fits(trireme, tmp_path, "weak-n", {n: n / (0.1 + n * 0.9) for n in (1, 2, 4, 16)})
    assert gustafson[1] == "Gustafson" and float(gustafson[2]) == pytest.approx(0.1)


def test_many(trireme, tmp_path):
    """Many ranks become a map, a large array an image; what is not finite is left out."""
    with h5py.File(tmp_path / "m.h5", "w") as f:
        f["timing/run"] = np.random.default_rng(1).random((100, 50))
        f["wide"] = np.random.default_rng(1).random((500, 700))
        f["odd"] = np.array([np.nan, np.inf, -np.inf, 1, 2])
        f["same"] = np.ones((3, 3))
        f["zeros"] = np.zeros(10)
        f["huge"] = np.array([[1e308, -1e308], [0, 5]])
    assert trireme(0, "report", "m.h5").status == 0
    text = (tmp_path / "report.html").read_text()
    page = Page(text)
    text = re.sub("base64,[^\"]*", "", text)
    check_own(page)
    assert page.tags.count("image") == 2 and not re.search(r"\b-?(nan|inf)\b", text, re.I)
    assert {"wide", "odd", "same", "zeros", "huge"} <= set(page.titles)


@pytest.mark.parametrize("words, status, text", (
    (("none.h5",), 4, "cannot open 'none.h5'"), ((), 2, "FILE.h5 is missing"),
    (("a.h5", "-o"), 2, "option '-o' needs a value"), (("a.h5", "-o", "none/r.html"), 4, "none/r.html"),
    (("a.h5", "--where", "program=x"), 4, "no file"), (("a.h5", "-o", ""), 2, "--out is empty")))
def test_bad(trireme, tmp_path, words, status, text):
    hostile_file(tmp_path / "a.h5")
    r = trireme(0, "report", *words)
    assert r.status == status and text in r.err and len(r.err.splitlines()) == 1, r.err
    assert not list(tmp_path.glob("*.html*"))


def test_texts(trireme):
    for option in ("--help", "--man", "--completion", "--version"):
        r = trireme(0, "report", option)
        assert r.status == 0 and "report" in r.out and not r.err
    r = trireme(0, "reduce", "-o", "x")
    assert r.status == 2 and "unknown option '-o'" in r.err
