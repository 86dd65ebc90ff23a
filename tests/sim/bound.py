"""Lower bounds on a Machine of platforms.py, in microseconds: the larger of two known bounds."""


def spread_us(ranks, overhead, latency):
    """Least time to inform all ranks: every informed rank keeps sending (Karp et al. 1993)."""
    reached = [1]  # informed ranks after each step of one overhead
    lambda_steps = round((latency + 2 * overhead) / overhead)
    while reached[-1] < ranks:
        reached.append(reached[-1] + (reached[-lambda_steps] if len(reached) >= lambda_steps else 0))
    return (len(reached) - 1) * overhead


def fullest_bytes(machine, operation, size):
    """The same for the largest node alone: its ranks receive their data through its memory or its link. For
    each element of an allreduce one rank knows the result first; every other rank of the node sends before
    and receives after, through the memory or either direction of the link. Among nodes of equal size, one
    has at most its share of such ranks."""
    most = max(machine.ranks_of)
    if len(machine.ranks_of) == 1 or most == 1:
        return 0
    alike = sum(1 for ranks in machine.ranks_of if ranks == most)
    into = machine.memory_rate + machine.link_rate
    return {"bcast": size * (most - (alike == 1)) / into, "reduce": size * (most - (alike == 1)) / into,
            "allgather": size * most * (machine.ranks - 1) / into,
            "allreduce": 2 * size * (most - 1 / alike) / (into + machine.link_rate)}[operation]


def moved_us(machine, operation, size):
    """Least time to move the required bytes at the combined rate of all links and memories involved."""
    ranks, nodes, most = machine.ranks, len(machine.ranks_of), max(machine.ranks_of)
    everywhere = machine.link_rate * nodes + (machine.memory_rate * nodes if most > 1 else 0)
    bytes_all = {"bcast": size * (ranks - 1), "reduce": size * (ranks - 1),
                 "allreduce": 2 * size * (ranks - 1),
                 "allgather": size * ranks * (ranks - 1)}
    if operation in bytes_all:
        whole = size / machine.link_rate if nodes > 1 and operation in ("bcast", "reduce") else 0
        return max(bytes_all[operation] / everywhere, whole, fullest_bytes(machine, operation, size)) / 1e3
    # The busiest link: that of the root's node, or of the largest node.
    first = machine.ranks_of[0]
    through = {"scatter": ranks - first, "gather": ranks - first,
               "alltoall": most * (ranks - most)}[operation]
    return size * through / machine.link_rate / 1e3


def bound_us(machine, operation, size):
    link = machine.link_latency * 2
    nearest = machine.copy_latency if max(machine.ranks_of) > 1 else link
    return max(spread_us(machine.ranks, machine.overhead, nearest), moved_us(machine, operation, size) + link)
