"""The page of apps/report in a browser: it is shown, no text becomes markup, no request leaves."""
import http.server
import shutil
import subprocess
import threading

import pytest

from test_report import HOSTILE, Page, hostile_file

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if not CHROMIUM:
    pytest.exit("no chromium", returncode=77)


@pytest.fixture
def server():
    """A server on this machine that counts what is asked of it."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running.server_port, asked
        running.shutdown()


def show(tmp_path, page, *more):
    """The document as the browser has it after loading."""
    done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                           "--disable-background-networking", "--disable-component-update",
                           f"--user-data-dir={tmp_path}/profile", *more, f"file://{page}"],
                          capture_output=True, text=True, timeout=600, cwd=tmp_path,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_browser(trireme, tmp_path, server):
    port, asked = server
    hostile = hostile_file(tmp_path / "h.h5", port)
    assert trireme(0, "report", "h.h5", "--title", "A title").status == 0
    page = Page(show(tmp_path, tmp_path / "report.html", "--dump-dom"))
    assert "A title" in page.titles and not {"script", "img"} & set(page.tags)
    assert hostile in page.text and page.tags.count("figure") >= 4
    assert not asked
    # With the name as markup, the browser does ask.
    (tmp_path / "naive.html").write_text("<!DOCTYPE html><title>t</title><p title=\"" +
                                         HOSTILE.replace("PORT", str(port)) + "</p>")
    assert "PWNED" in show(tmp_path, tmp_path / "naive.html", "--dump-dom") and asked == ["/x"]


@pytest.mark.parametrize("width, words", ((500, ()), (1200, ("--force-dark-mode",))))
def test_picture(trireme, tmp_path, width, words):
    """A phone's width and a dark page; that it looks well is for people to see."""
    hostile_file(tmp_path / "h.h5")
    assert trireme(0, "report", "h.h5").status == 0
    show(tmp_path, tmp_path / "report.html", f"--window-size={width},900", *words, "--screenshot=p.png")
    assert (tmp_path / "p.png").stat().st_size > 10000
