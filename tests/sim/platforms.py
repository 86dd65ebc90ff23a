"""Simulated machines: platform and host file for SimGrid, and the same numbers as a NET for measure.c.

A machine is a Machine(nodes, per_node, ...), in microseconds and gigabytes per second. machine(NAME) knows
flat64 (one rank per node), ft64 (the same on a two-level fat tree), mc4x16 (nodes x ranks, whose ranks
share the memory and the link of their node) and uneven5x16 (the same, with nodes of 16, 12, 8, 16 and 3
ranks in turn).
"""
import dataclasses
import re

HEAD = """<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
"""
FAST = 1e9  # GB/s of resources without cost
UNEVEN = (16, 12, 8, 16, 3)
FAT_TREES = {16: 4, 64: 8, 256: 16, 1024: 32}  # hosts: those below one switch, and the switches


@dataclasses.dataclass(frozen=True)
class Machine:
    ranks_of: tuple  # ranks of each node
    tree: int = 0  # hosts below one switch of a fat tree; 0: each pair of nodes has its own path
    link_latency: float = 0.5  # of each link on the path
    link_rate: float = 12.5  # of a node's link, each direction
    copy_latency: float = 0.2  # inside a node
    copy_rate: float = 10  # of one message inside a node
    memory_rate: float = 160  # of all messages inside a node
    overhead: float = 0.2  # per message, for the sender and for the receiver

    @property
    def ranks(self):
        return sum(self.ranks_of)

    def net(self):
        """Inside a node every message runs at full speed, up to the limit of the node's memory."""
        between = 1 / self.link_rate
        latency = self.link_latency * (4 if self.tree else 2)
        return (f"{self.copy_latency},{self.overhead},{1 / self.copy_rate},0,{1 / self.memory_rate}/"
                f"{latency},{self.overhead},{between},{between},{between}")

    def hostfile(self):
        return "".join(f"h{i}:{ranks}\n" for i, ranks in enumerate(self.ranks_of))

    def platform(self):
        nodes = range(len(self.ranks_of))
        link = f'="{self.link_rate}GBps" '
        if max(self.ranks_of) == 1:
            shape = f'2;{self.tree},{self.tree};1,{self.tree};1,1'
            tree = f' topology="FAT_TREE" topo_parameters="{shape}"' if self.tree else ""
            return (f'{HEAD}  <cluster id="c" prefix="h" radical="0-{len(nodes) - 1}" suffix="" speed="10Gf" '
                    f'bw{link}lat="{self.link_latency}us" sharing_policy="SPLITDUPLEX"{tree}/>\n'
                    '</platform>\n')
        lines = [HEAD + '  <zone id="z" routing="Full">']
        for i in nodes:
            lines.append(f'   <host id="h{i}" speed="10Gf" core="{max(self.ranks_of)}"/>'
                         f'<link id="nic{i}" bandwidth{link}latency="{self.link_latency}us" '
                         f'sharing_policy="SPLITDUPLEX"/>'
                         f'<link id="cp{i}" bandwidth="{self.copy_rate}GBps" latency="{self.copy_latency}us"'
                         f' sharing_policy="FATPIPE"/>'
                         f'<link id="mem{i}" bandwidth="{self.memory_rate}GBps" latency="0"/>')
        for i in nodes:
            lines.append(f'   <route src="h{i}" dst="h{i}" symmetrical="no">'
                         f'<link_ctn id="cp{i}"/><link_ctn id="mem{i}"/></route>')
            lines += [f'   <route src="h{i}" dst="h{j}" symmetrical="no">'
                      f'<link_ctn id="nic{i}" direction="UP"/>'
                      f'<link_ctn id="nic{j}" direction="DOWN"/></route>' for j in nodes if i != j]
        return "\n".join(lines) + "\n  </zone>\n</platform>\n"


def machine(name):
    found = re.fullmatch(r"(flat|ft|mc|uneven)(\d+)(?:x(\d+))?", name)
    if not found:
        raise ValueError(f"no machine {name}: there are flat64, ft64, mc4x16, uneven5x16 and their like")
    kind, nodes, per_node = found[1], int(found[2]), int(found[3] or 1)
    if kind == "ft":
        return Machine((1,) * nodes, tree=FAT_TREES[nodes], link_latency=0.25)
    if kind == "uneven":
        return Machine(tuple(UNEVEN[i % len(UNEVEN)] * per_node // 16 or 1 for i in range(nodes)))
    return Machine((per_node,) * nodes)


def exact(nodes, per_node, only):
    """A network with a single nonzero term: 1 us per latency or overhead, or 1 ns per byte."""
    free = Machine((per_node,) * nodes, 0, 0, FAST, 0, FAST, FAST, 0)
    return dataclasses.replace(free, **{
        "latency": {"link_latency": 0.5, "copy_latency": 1},
        "latency_between": {"link_latency": 0.5},
        "overhead": {"overhead": 1},
        "bytes": {"link_rate": 1, "copy_rate": 1},
        "link": {"link_rate": 1},
    }[only])
