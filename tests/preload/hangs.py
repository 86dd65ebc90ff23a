"""The cases of hang.c, and what the first line of the report of watch must say; and what is common to its
test and its campaign."""
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
LINES = (HERE / "hang.c").read_text().splitlines()
MACROS = {"MPI_Allreduce": "SUM", "MPI_Send": "SEND", "MPI_Recv": "RECV"}

DIFFER = "rank.* calls? {} .*where .* calls? {}.*: call \\d+ on "
CYCLE = "rank 0 waits in {}.* for rank \\d+, which waits in {}.* for rank 0"
LEFT = "waits in {}.* for rank \\d+, which is in MPI_Finalize"
ANY = "waits in {}.*, and no rank can do what it waits for"


def differ(a, b):
    return f"({DIFFER.format(a, b)}|{DIFFER.format(b, a)})"


HANGS = {
    "bcast_allreduce": differ("MPI_Bcast", "MPI_Allreduce"),
    "barrier_allreduce": differ("MPI_Barrier", "MPI_Allreduce"),
    "reduce_bcast": differ("MPI_Reduce", "MPI_Bcast"),
    "roots_of_bcast": "MPI_Bcast \\(root [01].* where .*MPI_Bcast \\(root [01]",
    "roots_of_reduce": "MPI_Reduce \\(root [01].* where .*MPI_Reduce \\(root [01]",
    "roots_of_gather": "MPI_Gather \\(root [01].* where .*MPI_Gather \\(root [01]",
    "roots_of_scatter": "MPI_Scatter \\(root [01].* where .*MPI_Scatter \\(root [01]",
    "zero_against_eight": "MPI_Allreduce \\([01] MPI_DOUBLE.* where .*MPI_Allreduce \\([01] MPI_DOUBLE",
    "missing_barrier": differ("MPI_Barrier", "MPI_Finalize") + "MPI_COMM_WORLD",
    "missing_allreduce": differ("MPI_Allreduce", "MPI_Finalize"),
    "one_more": differ("MPI_Barrier", "MPI_Finalize"),
    "missing_bcast": differ("MPI_Bcast", "MPI_Finalize"),
    "nonblocking_order": differ("MPI_Ibarrier", "MPI_Allreduce"),
    "nonblocking_missing": CYCLE.format("MPI_Recv", "MPI_Wait.*its MPI_Iallreduce"),
    "ibcast_against_bcast": differ("MPI_Ibcast", "MPI_Bcast"),
    "split_missing": differ("MPI_Comm_split", "MPI_Barrier"),
    "dup_against_barrier": differ("MPI_Comm_dup", "MPI_Barrier"),
    "free_missing": f"({differ('MPI_Barrier', 'MPI_Comm_free')}.*MPI_Comm_dup|"
                    f"{CYCLE.format('MPI_Barrier', 'MPI_Comm_free')})",
    "order_of_comms": CYCLE.format("MPI_Barrier.*MPI_Comm_dup", "MPI_Barrier.*MPI_Comm_dup"),
    "order_in_halves": CYCLE.format("MPI_Allreduce.*MPI_Comm_split", "MPI_Allreduce.*MPI_COMM_WORLD"),
    "scan_exscan": CYCLE.format("MPI_Recv", "MPI_Scan"),
    "alltoall_missing": CYCLE.format("MPI_Recv", "MPI_Alltoall"),
    "alltoall_allgather": differ("MPI_Alltoall", "MPI_Allgather"),
    "gather_missing": "rank 0 waits in MPI_Gather.* for rank 1, which waits in MPI_Recv.* for rank 0",
    "recv_recv": CYCLE.format("MPI_Recv", "MPI_Recv"),
    "send_send": CYCLE.format("MPI_Send", "MPI_Send"),
    "ssend_ssend": CYCLE.format("MPI_Ssend", "MPI_Ssend"),
    "irecv_wait": CYCLE.format("MPI_Wait.*its MPI_Irecv", "MPI_Wait.*its MPI_Irecv"),
    "issend_wait": CYCLE.format("MPI_Wait.*its MPI_Issend", "MPI_Wait.*its MPI_Issend"),
    "waitall": CYCLE.format("MPI_Waitall \\(2 requests\\).*its MPI_Irecv", "MPI_Waitall"),
    "waitany": ANY.format("MPI_Waitany"),
    "waitsome": ANY.format("MPI_Waitsome"),
    "persistent": CYCLE.format("MPI_Wait.*its MPI_Recv_init", "MPI_Wait"),
    "sendrecv_order": CYCLE.format("MPI_Sendrecv", "MPI_Recv"),
    "tags": "waits in MPI_Recv \\(from rank \\d, tag [08].* for rank",
    "probe": CYCLE.format("MPI_Probe", "MPI_Probe"),
    "mprobe": CYCLE.format("MPI_Mprobe", "MPI_Mprobe"),
    "other_comm": CYCLE.format("MPI_Barrier", "MPI_Recv"),
    "wildcard": ANY.format("MPI_Recv \\(from any rank, any tag"),
    "wildcard_and_barrier": ANY.format("MPI_Recv \\(from any rank, tag 4"),
    "wildcard_probe": ANY.format("MPI_Probe \\(from any rank"),
    "wildcard_request": ANY.format("MPI_Wait.*its MPI_Irecv \\(from any rank"),
    "recv_and_barrier": CYCLE.format("MPI_Recv", "MPI_Barrier"),
    "send_and_barrier": CYCLE.format("MPI_Send", "MPI_Barrier"),
    "wait_and_barrier": CYCLE.format("MPI_Wait", "MPI_Barrier"),
    "in_halves": "waits in MPI_Recv.* for rank",
    "self": "rank 0 waits in MPI_Ssend \\(to rank 0.* for rank 0",
    "self_recv": "rank 0 waits in MPI_Recv \\(from rank 0.* for rank 0",
    "philosophers": "waits in MPI_.* for rank .*which waits in MPI_",
    "recv_from_left": LEFT.format("MPI_Recv"),
    "send_to_left": LEFT.format("MPI_Send"),
    "ssend_to_left": LEFT.format("MPI_Ssend"),
    "wait_for_left": LEFT.format("MPI_Wait"),
    "wildcard_left": ANY.format("MPI_Recv"),
    "comm_of_left": LEFT.format("MPI_Barrier.*MPI_Comm_dup"),
    "fence_missing": CYCLE.format("MPI_Barrier", "MPI_Win_fence.*MPI_Win_create"),
    "free_of_window": CYCLE.format("MPI_Recv", "MPI_Win_free"),
    "wait_without_complete": ANY.format("MPI_Win_(wait|post)"),
    "lock_held": "(" + ANY.format("MPI_Win_(lock|unlock)") + "|MPI_Barrier)",
    "write_all_missing": CYCLE.format("MPI_Recv", "MPI_File_write_all"),
    "close_missing": CYCLE.format("MPI_Barrier", "MPI_File_close"),
    "open_against_barrier": differ("MPI_Barrier", "MPI_File_open"),
    "threads": CYCLE.format("MPI_Recv", "MPI_Recv"),
}
# Launchers end these jobs themselves, unless they are told not to.
KILLED = ("killed",)
# Nobody can know that these do not go on.
UNPROVEN = ("test_loop", "iprobe_loop", "computes", "sleeps")


def first_line(text):
    found = re.search(r"^trireme watch: (.*)$", text, re.M)
    return found.group(1) if found else ""


def wrong_places(line):
    """The places in a report that are not those of the calls that it names."""
    for function, number in re.findall(r"(MPI_\w+)(?: \([^()]*\))? at hang\.c:(\d+)", line):
        source = " ".join(LINES[max(0, int(number) - 3):int(number) + 1])
        if function not in source and MACROS.get(function, "?") not in source:
            yield f"{function} is not at hang.c:{number}"
