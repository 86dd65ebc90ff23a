"""simulate(MACHINE, CELLS, ...): runs measure.c on a simulated machine. The options give an exact network:
a message costs overhead + latency + (bytes + 16) / rate + overhead, and the times are equal in every
run."""
import os
import signal
import subprocess
import tempfile

EAGER = 8192  # messages from this size on wait for the receiver and cost it no overhead; see measure.c


# The selector of calls that are not measured. SMPI's naive one takes 20 s instead of 1 s to set up 256 ranks.
SET_UP = "mpich"


def run(command, folder, timeout):
    """Returns stdout and stderr. On timeout kills the process group: smpirun is a script."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
                          start_new_session=True) as process:
        try:
            return process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def simulate(program, machine, cells, selector=SET_UP, eager=EAGER, timeout=None):
    """(operation, algorithm, bytes): (simulated us or an error word, predicted us, chosen algorithm)."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, text in (("platform.xml", machine.platform()), ("hosts", machine.hostfile())):
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "w", encoding="ascii") as stream:
                stream.write(text)
        options = {
            "smpi/simulate-computation": "no", "smpi/host-speed": "10Gf", "smpi/wtime": 0,
            "smpi/bw-factor": "0:1", "smpi/lat-factor": "0:1", "network/crosstraffic": 0,
            "network/TCP-gamma": 1e15,
            "smpi/async-small-thresh": eager,
            "smpi/send-is-detached-thresh": eager, "smpi/coll-selector": selector, "contexts/stack-size": 256,
        }
        options |= {f"smpi/{what}": f"0:{machine.overhead * 1e-6:g}:0" for what in ("os", "ois", "or")}
        command = ["smpirun", "-no-privatize", "-np", str(machine.ranks), "-platform", paths["platform.xml"],
                   "-hostfile", paths["hosts"], "--log=root.thres:error"]
        command += [f"--cfg={key}:{value}" for key, value in options.items()]
        command += [os.path.abspath(program), machine.net()] + [":".join(map(str, cell)) for cell in cells]
        out, err = run(command, folder, timeout)
    lines = out.splitlines()
    if not lines or lines[-1] != f"measured {len(cells)}":
        raise RuntimeError(f"the simulation did not end well after {len(lines)} calls:\n{err[-2000:]}")
    found = {}
    for line in lines[:-1]:
        operation, algorithm, size, time, predicted, chosen = line.split()
        time = float(time) if time[0].isdigit() else time
        found[operation, algorithm, int(size)] = (time, float(predicted), chosen)
    return found
