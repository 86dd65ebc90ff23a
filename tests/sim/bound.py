"""What no algorithm can beat on a Machine of platforms.py, in microseconds: the better known of two bounds."""


def spread_us(ranks, overhead, latency):
    """Until all ranks can know of one message: every rank that knows sends on and on (Karp and others 1993)."""
    reached = [1]  # ranks that know, by steps of one overhead
    flight = round((latency + 2 * overhead) / overhead)
    while reached[-1] < ranks:
        reached.append(reached[-1] + (reached[-flight] if len(reached) >= flight else 0))
    return (len(reached) - 1) * overhead


def fullest_bytes(machine, operation, size):
    """The same of the fullest node alone: what its ranks must receive comes by its memory or its link. For each element
    of an allreduce there is a rank that knows the result first: every other rank of the node sends before, and receives
    after, by the memory or either direction of the link; of nodes as full, one has no more than its share of such ranks."""
    most = max(machine.ranks_of)
    if len(machine.ranks_of) == 1 or most == 1:
        return 0
    alike = sum(1 for ranks in machine.ranks_of if ranks == most)
    into = machine.memory_rate + machine.link_rate
    return {"bcast": size * (most - (alike == 1)) / into, "reduce": size * (most - (alike == 1)) / into,
            "allgather": size * most * (machine.ranks - 1) / into,
            "allreduce": 2 * size * (most - 1 / alike) / (into + machine.link_rate)}[operation]


def moved_us(machine, operation, size):
    """Until the bytes that must move have moved, at the rate of all links and memories that can take part."""
    ranks, nodes, most = machine.ranks, len(machine.ranks_of), max(machine.ranks_of)
    everywhere = machine.link_rate * nodes + (machine.memory_rate * nodes if most > 1 else 0)
    bytes_all = {"bcast": size * (ranks - 1), "reduce": size * (ranks - 1), "allreduce": 2 * size * (ranks - 1),
                 "allgather": size * ranks * (ranks - 1)}
    if operation in bytes_all:
        whole = size / machine.link_rate if nodes > 1 and operation in ("bcast", "reduce") else 0
        return max(bytes_all[operation] / everywhere, whole, fullest_bytes(machine, operation, size)) / 1e3
    # The busiest link: that of the root's node, or of the fullest one.
    first = machine.ranks_of[0]
    through = {"scatter": ranks - first, "gather": ranks - first, "alltoall": most * (ranks - most)}[operation]
    return size * through / machine.link_rate / 1e3


def bound_us(machine, operation, size):
    link = machine.link_latency * 2
    nearest = machine.copy_latency if max(machine.ranks_of) > 1 else link
    return max(spread_us(machine.ranks, machine.overhead, nearest), moved_us(machine, operation, size) + link)
